//! Which older forms of a file were in force, according to the records of revisions.

use crate::answers::FileFault;
use crate::git::{GitError, Source};
use crate::store::{ReadError, Reader, RevisionRecord};
use crate::words::names::{CommitId, SourceName};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// How many commits are compared. Older ones count as never in force.
const COMMITS_MAX: usize = 10_000;

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnknownForce {
    /// The records cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Whether the file's form at this commit was in force: the server read a commit with the same form, at which the file neither
/// waited nor was faulty. A form without a record was never in force here.
pub(super) fn was_in_force(
    reader: &Reader,
    source: (&SourceName, &Source),
    commit: &CommitId,
    file: &str,
) -> Result<bool, UnknownForce> {
    let mut in_force = BTreeSet::new();
    reader.revisions(|record| {
        // What cannot be read was in force nowhere.
        if record.source == *source.0 && !is_left_out(&record, file) {
            in_force.insert(record.revision);
        }
        if in_force.len() < COMMITS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(source.1.has_form_of_any(commit, file, &in_force.into_iter().collect::<Vec<_>>())?)
}

/// Whether this revision went into force without the file's own form.
fn is_left_out(record: &RevisionRecord, file: &str) -> bool {
    let is_of_file = |fault: &FileFault| fault.at.rsplit_once(':').is_some_and(|(at, _)| at == file);
    record.held.iter().any(|waits| waits.file == file) || record.faults.iter().any(is_of_file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_waited_or_was_faulty_was_not_in_force() {
        let record = json!({
            "source": "root", "revision": "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b", "signer": null, "policies": 1,
            "held": [{ "file": "secrets/a.yaml", "gain": "recipient", "why": "x" }],
            "faults": [{ "at": "secrets/b.yaml:1", "code": "x", "message": "y" }],
        });
        let record: RevisionRecord = serde_json::from_value(record).unwrap();
        for (file, left_out) in [("secrets/a.yaml", true), ("secrets/b.yaml", true), ("secrets/c.yaml", false), ("a.yaml", false)]
        {
            assert_eq!(is_left_out(&record, file), left_out, "{file}");
        }
    }
}
