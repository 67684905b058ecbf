// The interface of GitHub's runner: commands in the log, and files whose paths are in variables.
// Text from a server, a command or a secret passes through `shown` before it is printed, so that the runner finds no command in it.
'use strict';
const crypto = require('crypto');
const fs = require('fs');

// Names that the runner's files accept.
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
// Names with a meaning for the runner, the action or the client.
const OWN = /^(GITHUB_(?!TOKEN$)|RUNNER_|ACTIONS_|INPUT_|STATE_|DAYPASS_(?!GCP_ID_TOKEN$))/i;

class Refused extends Error {}

const escaped = (text) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');

// The text without control characters and without commands: no line begins with `::`, and `##[` is nowhere in it.
const shown = (text) =>
  String(text)
    .replace(/\r?\n$/, '')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '?')
    .split('\n')
    .map((line) => (/^\s*::/.test(line) ? `| ${line}` : line).replace(/##\[/g, '## ['))
    .join('\n');

// Writes the whole line, because a pipe may accept only part of it at a time, and half a mask would hide nothing.
function write(line) {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (fault) {
      if (fault.code !== 'EAGAIN') throw fault;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

const say = (text) => write(shown(text));
const told = (text) => escaped(shown(text));
const warning = (text) => write(`::warning title=daypass::${told(text)}`);
const notice = (text) => write(`::notice title=daypass::${told(text)}`);
const error = (text) => write(`::error title=daypass::${told(text)}`);

// Masks the whole value and each of its lines, because the runner compares line by line.
function mask(value) {
  const lines = value.split(/[\r\n]+/);
  for (const part of new Set([value.replace(/[\r\n]+$/, ''), ...lines])) {
    if (part.trim().length > 2 || (part.trim() !== '' && lines.length === 1)) write(`::add-mask::${escaped(part)}`);
  }
}

// One entry of a file such as GITHUB_ENV. The delimiter is random, because a value that contains it could add entries.
function entry(name, value, delimiter = `daypass_${crypto.randomBytes(24).toString('hex')}`) {
  if (!NAME.test(name)) throw new Refused(`\`${name}\` is no name that a file of variables can have`);
  if (value.includes(delimiter)) throw new Refused(`the value of ${name} has the delimiter in it`);
  if (value.includes('\0') || /\r(?!\n)/.test(value)) {
    throw new Refused(`the value of ${name} has a character that a file of variables would lose: use \`run\``);
  }
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

function append(file, text) {
  const path = process.env[file];
  if (!path) throw new Refused(`${file} is not set: this runs as a step of a job alone`);
  fs.appendFileSync(path, text);
}

// One entry of GITHUB_ENV, for a variable that holds a credential.
function variable(name, value) {
  if (OWN.test(name)) throw new Refused(`\`${name}\` is a variable that the runner or daypass acts on: choose another name, or use \`run\``);
  return entry(name, value);
}

module.exports = { Refused, append, entry, error, escaped, mask, notice, say, shown, variable, warning, write };
