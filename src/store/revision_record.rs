//! The record of a revision that went into force.

use super::RecordedSources;
use super::body::{FormatVersion, RECORD_BYTES_MAX};
use crate::answers::{FaultsLeftOut, FileFault, LISTED_BYTES_MAX};
use crate::words::WidenedFile;
use crate::words::names::{CommitId, SourceName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

/// The two lists, and the other members: names of files of the source and of its repository, and who signed.
const _: () = assert!(2 * LISTED_BYTES_MAX + LISTED_BYTES_MAX <= RECORD_BYTES_MAX);

/// A revision, and what of it did not go into force, as far as it is listed: whoever may push makes this record.
#[derive(Serialize, Deserialize, Debug)]
pub struct RevisionRecord {
    /// Its source.
    pub source: SourceName,
    /// Its commit.
    pub revision: CommitId,
    /// Who signed the commit.
    pub signer: Option<String>,
    /// How many policies were in force then.
    pub policies: usize,
    /// The faults of files, whose older forms stayed in force.
    pub faults: Vec<FileFault>,
    /// The faults that are not listed, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults_left_out: Option<FaultsLeftOut>,
    /// The files that waited for a person.
    pub held: Vec<WidenedFile>,
    /// How many waited that are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_left_out: Option<NonZeroUsize>,
    /// The repository of a further source. The source's name may belong to another one later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<RecordedSources>,
    /// The version of the format.
    #[serde(default)]
    pub v: FormatVersion,
}

impl RevisionRecord {
    /// How many files were faulty.
    pub fn faulty_files(&self) -> usize {
        let named: BTreeSet<&str> = self.faults.iter().map(FileFault::file).collect();
        named.len() + self.faults_left_out.unwrap_or_default().files
    }

    /// Whether it went into force without the file's own form, or may have: it does not name every file of which that is so.
    pub fn may_leave_out(&self, file: &str) -> bool {
        self.held_left_out.is_some()
            || self.faults_left_out.is_some_and(|left_out| left_out.files > 0)
            || self.held.iter().any(|waits| waits.file == file)
            || self.faults.iter().any(|fault| fault.may_be_of(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::yaml::{Fault, Place};
    use serde_json::{Value, json};

    fn record(more: &Value) -> RevisionRecord {
        let mut record = json!({
            "source": "root", "revision": "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b", "signer": null, "policies": 1,
            "held": [{ "file": "secrets/a.yaml", "gain": "recipient", "why": "x" }],
            "faults": [
                { "at": "secrets/b.yaml:1", "code": "x", "message": "y" }, { "at": "secrets/b.yaml:2", "code": "x", "message": "y" },
            ],
        });
        more.as_object().unwrap().iter().for_each(|(name, value)| record[name] = value.clone());
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn what_waited_or_was_faulty_was_not_in_force() {
        let record = record(&json!({}));
        for (file, left_out) in [("secrets/a.yaml", true), ("secrets/b.yaml", true), ("secrets/c.yaml", false), ("a.yaml", false)]
        {
            assert_eq!(record.may_leave_out(file), left_out, "{file}");
        }
        assert_eq!(record.faulty_files(), 1, "a file may have several faults");
    }

    /// A record shows a name without its secrets. A form that was faulty could otherwise be taken for one of the past.
    #[test]
    fn a_file_whose_name_is_shown_without_its_key_was_not_in_force() {
        let named = |key: &str| format!("secrets/AGE-SECRET-KEY-1{}.yaml", key.repeat(58));
        let fault = Fault::new(&named("Q"), Place { line: 1, column: 1 }, "x");
        let record = record(&json!({ "faults": [FileFault::from(&fault)] }));
        assert!(!serde_json::to_string(&record).unwrap().contains("QQQ"));
        assert!(record.may_leave_out(&named("Q")) && record.may_leave_out(&named("P")));
        assert!(!record.may_leave_out("secrets/c.yaml"));
    }

    /// Somebody could otherwise push a value that nobody confirmed beside many faulty files, and have it taken for one of the past.
    #[test]
    fn a_file_that_a_cut_record_does_not_name_may_not_have_been_in_force() {
        for (more, left_out) in [
            (json!({ "held_left_out": 1 }), true),
            (json!({ "faults_left_out": { "faults": 7, "files": 2 } }), true),
            (json!({ "faults_left_out": { "faults": 7, "files": 0 } }), false),
        ] {
            assert_eq!(record(&more).may_leave_out("secrets/c.yaml"), left_out, "{more}");
        }
        assert_eq!(record(&json!({ "faults_left_out": { "faults": 7, "files": 2 } })).faulty_files(), 3);
    }
}
