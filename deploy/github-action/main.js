// The step: downloads the pinned program and gets the credentials, for one command or for the steps that follow.
'use strict';
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const inputs = require('./inputs');
const program = require('./program');
const report = require('./report');
const runner = require('./runner');

// Variables with a public id, a time or a place. Every other exported value is masked.
const PUBLIC = new Set([
  'AWS_ACCESS_KEY_ID', 'AWS_CREDENTIAL_EXPIRATION', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'GOOGLE_APPLICATION_CREDENTIALS',
  'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE', 'AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_AUTHORITY_HOST', 'AZURE_FEDERATED_TOKEN_FILE',
]);

// Makes a private folder, and saves its path for the post step before anything is in it.
function makeFolder() {
  const folder = fs.mkdtempSync(path.join(process.env.RUNNER_TEMP || os.tmpdir(), 'daypass-'));
  runner.append('GITHUB_STATE', runner.entry('folder', folder));
  return folder;
}

// Puts `daypass` into the PATH of the steps that follow, with the server's address.
function install(wanted, bin, folder) {
  const place = path.join(folder, 'bin');
  fs.mkdirSync(place, { mode: 0o700 });
  fs.symlinkSync(bin, path.join(place, 'daypass'));
  runner.append('GITHUB_PATH', `${place}\n`);
  const variables = { DAYPASS_SERVER: wanted.server, DAYPASS_AUDIENCE: wanted.audience, DAYPASS_CA: wanted.ca && path.resolve(wanted.ca) };
  Object.entries(variables).forEach(([name, value]) => value && runner.append('GITHUB_ENV', runner.entry(name, value)));
  runner.say('daypass: the steps that follow have `daypass` in their PATH');
}

// Runs the command with the credentials. Signals go to exec, which revokes before it ends.
function run(wanted, bin, folder) {
  const shell = spawnSync('bash', ['--version']).error ? ['sh', '-e', '-c'] : ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c'];
  const words = ['exec', ...wanted.flags, ...wanted.runFlags, ...wanted.credentials, `--report=${path.join(folder, 'report')}`, '--'];
  const child = spawn(bin, [...words, ...shell, wanted.run], { stdio: 'inherit', env: inputs.without(process.env) });
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.on(signal, () => child.kill(signal)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status === null ? 1 : status));
  });
}

// Starts the keeper, and returns the environment that exec gives its command.
function hold(wanted, bin, folder) {
  const words = [path.join(__dirname, 'keeper.js'), folder, bin, ...wanted.flags, ...wanted.credentials];
  const keeper = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: inputs.without(process.env) });
  fs.writeFileSync(path.join(folder, 'held'), `${keeper.pid}\n`, { mode: 0o600 });
  return new Promise((resolve, reject) => {
    keeper.on('message', ({ mask, text, environment, status }) => {
      if (mask) runner.write(mask);
      if (text) runner.say(text);
      if (status) reject(new runner.Refused('`daypass exec` gave no credential'));
      if (!environment) return;
      keeper.send({ taken: true }, (fault) => {
        if (fault) return reject(fault);
        keeper.disconnect();
        keeper.unref();
        return resolve(environment);
      });
    });
    keeper.on('error', reject);
    keeper.on('exit', () => reject(new runner.Refused('the process that holds the credentials ended')));
  });
}

// A shell sets these: `binary` may be a script that calls the program.
const OF_SHELLS = new Set(['PWD', 'OLDPWD', 'SHLVL', '_']);

// Exports what exec changed. All values are masked and checked before the first is written.
function exportAll(environment) {
  const before = inputs.without(process.env);
  const removed = Object.keys(before).filter((name) => !(name in environment) && !OF_SHELLS.has(name));
  if (removed.length > 0) {
    throw new runner.Refused(`${removed.join(', ')}: set in this job, and read before what daypass brings. Take it out of the job's environment, or use \`run\``);
  }
  const changed = Object.entries(environment).filter(([name, value]) => before[name] !== value && !OF_SHELLS.has(name));
  changed.filter(([name]) => !PUBLIC.has(name)).forEach(([, value]) => runner.mask(value));
  const text = changed.map(([name, value]) => runner.variable(name, value)).join('');
  runner.append('GITHUB_ENV', text);
  runner.say(`daypass: the steps that follow have ${changed.map(([name]) => name).sort().join(', ')}`);
}

async function main() {
  const wanted = inputs.read(process.env);
  if (!wanted.run && wanted.runFlags.length > 0) throw new runner.Refused(`${wanted.runFlags.join(' and ')}: for \`run\` alone`);
  // Checked before the server is asked.
  if (!wanted.run) wanted.named.forEach((name) => runner.variable(name, ''));
  const folder = makeFolder();
  const bin = program.bring(wanted, inputs.bare(process.env), folder);
  runner.append('GITHUB_OUTPUT', runner.entry('binary', bin));
  if (!wanted.run && wanted.credentials.length === 0) return install(wanted, bin, folder);
  if (wanted.run) process.exitCode = await run(wanted, bin, folder);
  else exportAll(await hold(wanted, bin, folder));
  const events = report.read(path.join(folder, 'report'));
  runner.append('GITHUB_OUTPUT', runner.entry('decision', report.decision(events)));
  report.failures(events).forEach((failure) => runner.error(failure));
}

main().catch((fault) => {
  runner.error(fault instanceof runner.Refused ? fault.message : `${fault.message || fault}`);
  process.exitCode = 1;
});
