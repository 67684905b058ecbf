//! Which forms of a source's files are in force, where these are not just those of its commit.

use super::names::CommitId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The commits whose forms of a file are in force, by the file's path; a file that is not here has the form of the source's commit.
/// Several where forms hold together until a person confirms the newest; none where no form is in force.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Forms(BTreeMap<String, Vec<CommitId>>);

impl Forms {
    /// Notes the commits of one file.
    pub fn insert(&mut self, file: String, commits: Vec<CommitId>) {
        self.0.insert(file, commits);
    }

    /// The commits of this file; `None` where it has the form of the source's commit.
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

    /// The commits that have to be read for them.
    pub fn commits(&self) -> BTreeSet<&CommitId> {
        self.0.values().flatten().collect()
    }
}
