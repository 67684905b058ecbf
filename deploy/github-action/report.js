// Turns the file of `daypass exec --report` into text for the log and the job's summary. The file holds no value of a credential.
'use strict';
const fs = require('fs');
const { shown } = require('./runner');

// A job that renews for a whole day writes less.
const BYTES_MAX = 1024 * 1024;

// A later step may have changed the file, so lines that are not events are skipped.
function read(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8').slice(0, BYTES_MAX);
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      const event = JSON.parse(line);
      return event && typeof event === 'object' ? [event] : [];
    } catch {
      return [];
    }
  });
}

const list = (value) => (Array.isArray(value) ? value : []);
// A failure in one line, as exec prints it.
function why({ detail, code, hint, decision_id: id }) {
  const parts = [`${detail}${code ? ` (${code})` : ''}`, hint && `hint: ${hint}`, id && `decision: ${id}`];
  return parts.filter(Boolean).join('; ');
}

const isEnded = (events) => events.some(({ ended, failed }) => ended || failed);
const decision = (events) => events.map((event) => event.granted && event.granted.decision_id).find(Boolean) || '';

// One line for each event.
function told(events) {
  const out = [];
  for (const { granted, failed, ended } of events) {
    if (granted) {
      const kinds = [...new Set(list(granted.credentials).flatMap((one) => Object.keys(one || {})))].join(', ');
      const until = granted.expires_at ? `; the first of it ends at ${granted.expires_at}` : '';
      out.push(`granted by ${granted.policy}: ${kinds}${until} (decision ${granted.decision_id})`);
    }
    if (failed) out.push(`${decision(events) ? 'failed' : 'nothing was given'}: ${why(failed)}`);
    if (ended) {
      out.push(`at the end: ${ended.revoked} revoked, files and addresses removed`);
      list(ended.failed).forEach((failure) => out.push(`at the end: ${failure}`));
    }
  }
  if (events.some(({ granted }) => granted && list(granted.credentials).some((one) => one && one.aws))) {
    out.push('a job cannot end an AWS session: it stays valid until it expires');
  }
  return out.map((line) => shown(String(line).replace(/\s*\n\s*/g, '; ')));
}

// The reasons why daypass failed, and the credentials it could not end.
const failures = (events) => events.flatMap(({ failed }) => (failed ? [why(failed)] : []));
const unended = (events) => events.flatMap(({ ended }) => (ended ? list(ended.failed).map(String) : []));

// Markdown in which all text from the report is code.
const summary = (events) => {
  const code = (line) => `- \`${line.replace(/`/g, "'")}\`\n`;
  return `### daypass\n\n${told(events).map(code).join('')}\n`;
};

module.exports = { decision, failures, isEnded, read, summary, told, unended };
