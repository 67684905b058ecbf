// Downloads the pinned program and compares its digest, by deploy/shell/daypass.sh as in every other CI.
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { Refused, notice, say, shown } = require('./runner');

const SCRIPT = path.join(__dirname, '..', 'shell', 'daypass.sh');

function bring(wanted, environment, folder) {
  // A copy of the action in another repository may lack the script.
  if (!fs.existsSync(SCRIPT)) throw new Refused(`${SCRIPT} is not there: the action calls it. Copy the whole folder deploy/, not deploy/github-action alone`);
  if (!wanted.binary && !wanted.sha256) {
    throw new Refused('name the program by `sha256`, 64 hexadecimal digits, with `version` or `url`; or one that is on the runner by `binary`');
  }
  const pinned = {
    DAYPASS_BINARY: wanted.binary,
    DAYPASS_SHA256: wanted.sha256,
    DAYPASS_VERSION: wanted.version,
    DAYPASS_URL: wanted.url,
    DAYPASS_RELEASES: `${environment.GITHUB_SERVER_URL || 'https://github.com'}/${environment.GITHUB_ACTION_REPOSITORY || ''}/releases`,
    DAYPASS_FOLDER: folder,
  };
  const done = spawnSync('sh', [SCRIPT], { env: { ...environment, ...pinned }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.error) throw new Refused(`sh cannot be run: ${done.error.message}`);
  if (done.status !== 0) throw new Refused(shown(done.stderr).replace(/^daypass: /gm, '') || `${SCRIPT} ended with ${done.status}`);
  const program = done.stdout.replace(/\n$/, '');
  if (!wanted.binary) verify(program, wanted, environment);
  return path.resolve(program);
}

// Verifies which repository built the program. Its digest was compared before.
function verify(program, wanted, environment) {
  if (wanted.provenance === 'false') return;
  const cannot = (why) => {
    if (wanted.provenance === 'required') throw new Refused(`the program's provenance could not be verified: ${why}`);
    notice(`the program's provenance was not verified: ${why}. Its digest is the pinned one.`);
  };
  if (!wanted.repository) return cannot('name its repository by `provenance-repository`');
  const words = ['attestation', 'verify', program, '--repo', wanted.repository];
  const done = spawnSync('gh', words, { env: { ...environment, GH_TOKEN: wanted.githubToken }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.error) return cannot('`gh` is not on this runner');
  if (done.status !== 0) {
    throw new Refused(`\`gh attestation verify\` does not find that ${wanted.repository} built this program, so it is not run:\n${shown(done.stderr)}`);
  }
  say(`daypass: ${wanted.repository} built this program (gh attestation verify)`);
}

module.exports = { bring };
