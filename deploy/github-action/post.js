// Runs after the job's steps, also when one of them failed: ends the credentials and reports the outcome. It never fails the job.
'use strict';
const fs = require('fs');
const path = require('path');
const report = require('./report');
const runner = require('./runner');

// exec needs at most five seconds to revoke.
const END_MAX = 15000;
const ALONE_MAX = 6000;
const LOOK = 100;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (fault) {
    return fault.code === 'EPERM';
  }
}

// Asks the keeper to end, and returns whether exec ended.
async function end(folder) {
  const place = (name) => path.join(folder, name);
  if (!fs.existsSync(place('held'))) return true;
  const pid = Number(fs.readFileSync(place('held'), 'utf8'));
  fs.writeFileSync(place('end'), '', { mode: 0o600 });
  // If the keeper is gone, exec ends by itself and only its report shows that it ended.
  const isDone = () => fs.existsSync(place('done')) || report.isEnded(report.read(place('report')));
  for (const start = Date.now(); !isDone(); ) {
    if (Date.now() - start > (pid > 0 && isAlive(pid) ? END_MAX : ALONE_MAX)) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  return true;
}

async function post() {
  const folder = process.env.STATE_folder;
  if (!folder || !path.basename(folder).startsWith('daypass-') || !fs.existsSync(folder)) return;
  const ended = await end(folder);
  const log = path.join(folder, 'log');
  if (fs.existsSync(log)) runner.say(fs.readFileSync(log, 'utf8'));
  const events = report.read(path.join(folder, 'report'));
  report.told(events).forEach((line) => runner.say(`daypass: ${line}`));
  report.unended(events).forEach((failure) => runner.warning(failure));
  if (!ended) runner.warning('the process that held the credentials is gone or did not end: its credentials stay valid until they expire');
  if (events.length > 0 && process.env.GITHUB_STEP_SUMMARY) runner.append('GITHUB_STEP_SUMMARY', report.summary(events));
  fs.rmSync(folder, { recursive: true, force: true });
}

post().catch((fault) => runner.warning(`the post step: ${fault.message || fault}`));
