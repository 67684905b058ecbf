//! The active forms of a source's files, if they are not those of the source's commit.

use super::names::CommitId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The commits whose forms of a file are active, by the file's path. A file that is not listed has the form of the source's commit. A
/// file has several commits if several forms apply together until a person confirms the newest, and none if no form is active.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Forms(BTreeMap<String, Vec<CommitId>>);

impl Forms {
    /// Sets the commits of one file.
    pub fn insert(&mut self, file: String, commits: Vec<CommitId>) {
        self.0.insert(file, commits);
    }

    /// The commits of this file; `None` if it has the form of the source's commit.
    pub fn of(&self, file: &str) -> Option<&[CommitId]> {
        self.0.get(file).map(Vec::as_slice)
    }

    /// Whether every file has the form of the source's commit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many files have another form, or none.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each file with its commits.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[CommitId])> {
        self.0.iter().map(|(file, commits)| (file.as_str(), commits.as_slice()))
    }

    /// All commits that have to be read.
    pub fn commits(&self) -> BTreeSet<&CommitId> {
        self.0.values().flatten().collect()
    }
}
