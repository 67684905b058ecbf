//! Which older forms of a file were in force, according to the records of revisions.

use crate::git::{GitError, Source};
use crate::store::{ReadError, Reader};
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
        if record.source == *source.0 && !record.may_leave_out(file) {
            in_force.insert(record.revision);
        }
        if in_force.len() < COMMITS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(source.1.has_form_of_any(commit, file, &in_force.into_iter().collect::<Vec<_>>())?)
}
