//! `exec --report`: what a command was granted and what was revoked, for reports on its job. It has no value of a credential.

use super::{Failure, STATUS_EXEC, note};
use crate::answers::Document;
use crate::words::PlainPath;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A file of JSON Lines, one for each thing that happened.
#[derive(Debug)]
pub struct Report(Mutex<File>);

impl Report {
    /// Creates the file with mode 0600, before the first request. An existing file is not overwritten.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let opened = File::options().append(true).create_new(true).mode(0o600).open(path);
        let failed = |fault| Failure::new(STATUS_EXEC, format!("the report {} cannot be made: {fault}", path.plain()));
        opened.map(|file| Self(Mutex::new(file))).map_err(failed)
    }

    /// Adds what the server granted, at first and with each renewal.
    pub fn granted(&self, answer: &Document) {
        let credentials: Vec<Value> = answer.credentials.iter().map(crate::kind::Credential::describe).collect();
        self.add(&json!({ "granted": {
            "decision_id": answer.decision_id, "policy": answer.policy, "policy_revision": answer.policy_revision,
            "expires_at": answer.expires_at, "credentials": credentials,
        } }));
    }

    /// Adds why the command was not run, or got nothing.
    pub fn failed(&self, failure: &Failure) {
        self.add(&json!({ "failed": failure.described() }));
    }

    /// Adds the last line: how many tokens were revoked, and what failed.
    pub fn ended(&self, ended: &EndReport) {
        self.add(&json!({ "ended": { "revoked": ended.revoked, "failed": ended.failed } }));
    }

    /// Adds a line. A full disk does not keep the command from running.
    fn add(&self, line: &Value) {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(format!("{line}\n").as_bytes());
        if let Err(fault) = written {
            note(format!("daypass: the report could not be written: {fault}"));
        }
    }
}

/// What was done at a command's end.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct EndReport {
    /// How many tokens were revoked.
    pub revoked: usize,
    /// A message for each failure.
    pub failed: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::{document, samples};
    use crate::client::STATUS_DENIED;

    #[test]
    fn a_report_has_every_kind_and_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        let report = Report::create(&path).unwrap();
        report.granted(&serde_json::from_value(document(&samples())).unwrap());
        report.failed(&Failure::new(STATUS_DENIED, "No.").with_hint("Ask."));
        report.ended(&EndReport { revoked: 1, failed: vec!["no".to_owned()] });
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["granted"]["credentials"].as_array().unwrap().len(), samples().len());
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{text}");
        assert_eq!(lines[1], json!({ "failed": { "detail": "No.", "hint": "Ask.", "exit_status": 77 } }));
        assert_eq!(lines[2], json!({ "ended": { "revoked": 1, "failed": ["no"] } }));
        assert!(Report::create(&path).is_err_and(|failure| failure.status == STATUS_EXEC), "never overwritten");
    }
}
