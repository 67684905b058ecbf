// age-encryption (typage) as a command. The first argument is the package.json of the folder it is installed in:
//   encrypt RECIPIENT armored|binary FILE
//   decrypt IDENTITY_FILE FILE
// The result goes to standard output.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [installed, what, key, ...rest] = process.argv.slice(2);
const require = createRequire(installed);
const age = await import(pathToFileURL(require.resolve("age-encryption")));
if (what === "encrypt") {
  const [form, file] = rest;
  const encrypter = new age.Encrypter();
  encrypter.addRecipient(key);
  const sealed = await encrypter.encrypt(new Uint8Array(readFileSync(file)));
  process.stdout.write(form === "armored" ? age.armor.encode(sealed) : sealed);
} else {
  const decrypter = new age.Decrypter();
  const lines = readFileSync(key, "utf8").split("\n").map((line) => line.trim());
  lines.filter((line) => line && !line.startsWith("#")).forEach((line) => decrypter.addIdentity(line));
  let sealed = new Uint8Array(readFileSync(rest[0]));
  const text = Buffer.from(sealed).toString("latin1");
  if (text.startsWith("-----BEGIN")) sealed = age.armor.decode(text);
  process.stdout.write(await decrypter.decrypt(sealed));
}
