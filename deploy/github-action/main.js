// The step: brings the pinned program, and gets what the inputs ask for, for one command or for the steps that follow.
'use strict';
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const inputs = require('./inputs');
const program = require('./program');
const report = require('./report');
const runner = require('./runner');

// What says where a credential is, or whose it is: hiding it would hide half of a log. Everything else is hidden.
const PUBLIC = new Set([
  'AWS_ACCESS_KEY_ID', 'AWS_CREDENTIAL_EXPIRATION', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'GOOGLE_APPLICATION_CREDENTIALS',
  'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE', 'AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_AUTHORITY_HOST', 'AZURE_FEDERATED_TOKEN_FILE',
]);

// A private folder of this step, known to its post step before anything is in it.
function makeFolder() {
  const folder = fs.mkdtempSync(path.join(process.env.RUNNER_TEMP || os.tmpdir(), 'daypass-'));
  runner.append('GITHUB_STATE', runner.entry('folder', folder));
  return folder;
}

// For the steps that follow: `daypass`, and the server that it asks.
function install(wanted, bin, folder) {
  const place = path.join(folder, 'bin');
  fs.mkdirSync(place, { mode: 0o700 });
  fs.symlinkSync(bin, path.join(place, 'daypass'));
  runner.append('GITHUB_PATH', `${place}\n`);
  const variables = { DAYPASS_SERVER: wanted.server, DAYPASS_AUDIENCE: wanted.audience, DAYPASS_CA: wanted.ca && path.resolve(wanted.ca) };
  Object.entries(variables).forEach(([name, value]) => value && runner.append('GITHUB_ENV', runner.entry(name, value)));
  runner.say('daypass: the steps that follow have `daypass` in their PATH');
}

// The command gets the credentials, and no other step does. Signals are for it: what it was given is ended before this ends.
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

// Starts what holds the credentials until the post step, and gets the environment that a command of exec has.
function hold(wanted, bin, folder) {
  const words = [path.join(__dirname, 'keeper.js'), folder, bin, ...wanted.flags, ...wanted.credentials];
  const keeper = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: inputs.without(process.env) });
  fs.writeFileSync(path.join(folder, 'held'), `${keeper.pid}\n`, { mode: 0o600 });
  return new Promise((resolve, reject) => {
    keeper.on('message', ({ mask, text, environment, status }) => {
      if (mask) runner.write(mask);
      if (text) runner.say(text);
      if (status) reject(new runner.Refused('no credential was brought'));
      if (!environment) return;
      keeper.send({ taken: true }, () => {
        keeper.disconnect();
        keeper.unref();
        resolve(environment);
      });
    });
    keeper.on('error', reject);
    keeper.on('exit', () => reject(new runner.Refused('what holds the credentials ended')));
  });
}

// What every shell sets by itself, where the program is called by a script.
const OF_SHELLS = new Set(['PWD', 'OLDPWD', 'SHLVL', '_']);

// What changed is exported, each value hidden before the first is written; all of it is looked at before any of it is.
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
  // Before anything is asked for.
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
