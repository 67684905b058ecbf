// Keeps `daypass exec` running until the job's post step. exec renews and serves credentials while its command runs, and revokes them
// when the command ends. So the command here waits until its standard input closes, which also happens when this process is killed.
//   node keeper.js FOLDER PROGRAM FLAGS...
'use strict';
const { spawn } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const [folder, program, ...flags] = process.argv.slice(2);
const LOOK = 200;
const place = (name) => path.join(folder, name);

// The command prints this mark to standard error after exec printed the masks there, so a reader of the mark has read every mask.
const mark = crypto.randomBytes(16).toString('hex');
const COMMAND = `process.stderr.write('\\n${mark}\\n'); process.stdout.write(JSON.stringify(process.env) + '\\n'); process.stdin.on('end', () => process.exit(0)).resume();`;

const words = ['exec', ...flags, '--keep-token', `--report=${place('report')}`, '--', process.execPath, '-e', COMMAND];
const exec = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
const end = () => exec.stdin.end();
exec.stdin.on('error', () => {});

let isTaken = false;
let isMarked = false;
let environment;
const send = (message) => process.connected && process.send(message, () => {});
const give = () => isMarked && environment && send({ environment });

readline.createInterface({ input: exec.stderr }).on('line', (text) => {
  if (text === mark) {
    isMarked = true;
    give();
  } else if (text.startsWith('::add-mask::')) {
    // After the step no mask can reach the job's log, and masks must not be written to the disk.
    if (!isTaken) send({ mask: text });
  } else if (text !== '') {
    if (isTaken) fs.appendFileSync(place('log'), `${text}\n`, { mode: 0o600 });
    else send({ text });
  }
});
readline.createInterface({ input: exec.stdout }).once('line', (text) => {
  environment = JSON.parse(text);
  give();
});

process.on('message', ({ taken }) => {
  isTaken = taken;
  environment = undefined;
});
// The step ended before it took the environment.
process.on('disconnect', () => isTaken || end());
['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.on(signal, end));
setInterval(() => (fs.existsSync(place('end')) || !fs.existsSync(folder)) && end(), LOOK).unref();

exec.on('error', (fault) => send({ text: `${program} cannot be run: ${fault.message}` }));
exec.on('close', (status) => {
  if (fs.existsSync(folder)) fs.writeFileSync(place('done'), `${status}\n`, { mode: 0o600 });
  send({ status: status || 1 });
  setTimeout(() => process.exit(0), LOOK).unref();
  if (process.connected) process.disconnect();
});
