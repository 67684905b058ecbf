// Reads the inputs of action.yml and turns them into flags of `daypass exec`.
'use strict';
const { Refused } = require('./runner');

const raw = (environment, name) => environment[`INPUT_${name.toUpperCase()}`] || '';

function line(environment, name) {
  const value = raw(environment, name).trim();
  if (/[\r\n\0]/.test(value)) throw new Refused(`the input \`${name}\` must be one line`);
  return value;
}

function yes(environment, name) {
  const value = line(environment, name).toLowerCase();
  if (!['', 'true', 'false'].includes(value)) throw new Refused(`the input \`${name}\` is \`true\` or \`false\`, and not \`${value}\``);
  return value === 'true';
}

const lines = (environment, name) => raw(environment, name).split('\n').map((one) => one.trim()).filter(Boolean);

// `true` asks for the credential that the policies name; any other word names one.
function choice(environment, name) {
  const value = line(environment, name);
  if (value === '' || value === 'false') return [];
  // With an equals sign, a value that begins with a dash is still a value.
  return value === 'true' ? [`--${name}`] : [`--${name}=${value}`];
}

const each = (environment, name, flag) => lines(environment, name).map((one) => `${flag}=${one}`);

function read(environment) {
  const credentials = [
    ...['aws', 'github', 'gcp', 'azure'].flatMap((name) => choice(environment, name)),
    ...each(environment, 'secrets', '--env'),
    ...each(environment, 'files', '--file'),
    ...each(environment, 'token-exchange', '--token-exchange'),
    ...each(environment, 'azure-token', '--azure-token'),
  ];
  const named = [...lines(environment, 'secrets'), ...lines(environment, 'token-exchange')].map((one) => one.split('=')[0]);
  const one = (name) => (line(environment, name) ? [`--${name}=${line(environment, name)}`] : []);
  const server = line(environment, 'server');
  if (!server.startsWith('https://')) throw new Refused('the input `server` is an https address');
  const provenance = line(environment, 'verify-provenance') || 'true';
  if (!['true', 'false', 'required'].includes(provenance)) throw new Refused('the input `verify-provenance` is `true`, `required` or `false`');
  const flag = (name) => (yes(environment, name) ? [`--${name}`] : []);
  return {
    ...Object.fromEntries(['audience', 'ca', 'version', 'sha256', 'url', 'binary'].map((name) => [name, line(environment, name)])),
    server,
    provenance,
    repository: line(environment, 'provenance-repository') || environment.GITHUB_ACTION_REPOSITORY || '',
    githubToken: raw(environment, 'github-token'),
    run: raw(environment, 'run'),
    credentials,
    named,
    flags: [`--server=${server}`, ...one('audience'), ...one('ca'), ...one('policy'), ...one('wait'), ...flag('refresh')],
    runFlags: [...flag('dry-run'), ...flag('keep-token')],
  };
}

// The environment of the command: without the action's inputs.
const without = (environment) => Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('INPUT_')));

// The environment of tools that need no token of the job, such as curl.
const bare = (environment) =>
  Object.fromEntries(Object.entries(without(environment)).filter(([name]) => !/^(ACTIONS_|DAYPASS_TOKEN|GITHUB_TOKEN$|GH_TOKEN$)/.test(name)));

module.exports = { bare, read, without };
