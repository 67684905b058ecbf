// Decrypts a SOPS file with sops-age: sops-age.mjs MODULE FILE KEYS [ROUNDS]
// With ROUNDS it prints the median milliseconds of one call instead of the values.
import { readFileSync } from "node:fs";
const [module, file, keys, rounds] = process.argv.slice(2);
const { decryptSops } = await import(module);
const secretKey = readFileSync(keys, "utf8").split("\n").find((line) => line.startsWith("AGE-SECRET-KEY-"));
const fileType = file.split(".").at(-1);
const text = readFileSync(file, "utf8");
const call = () => decryptSops(text, { secretKey, fileType });
if (rounds) {
  const times = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  console.log(times.sort((one, other) => one - other)[Math.floor(times.length / 2)]);
} else {
  console.log(JSON.stringify(await call()));
}
