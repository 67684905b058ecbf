//! `secret_status`: the encrypted files of a source as they are in force. It has names and recipients, and no content.

use crate::words::names::{CommitId, SourceName};
use serde::{Deserialize, Serialize};

/// A page of files, sorted by their names.
#[derive(Serialize, Deserialize, Debug)]
pub struct SecretStatus {
    /// The source.
    pub source: SourceName,
    /// Its commit in force.
    pub commit: Option<CommitId>,
    /// Its files.
    pub files: Vec<FileStatus>,
    /// Grants that reach no document.
    pub granted_and_not_there: Vec<EmptyGrant>,
    /// The `after` of the next page, where there is one.
    pub next_after: Option<String>,
}

/// One encrypted file.
#[derive(Serialize, Deserialize, Debug)]
pub struct FileStatus {
    /// Its path in the source's repository.
    pub file: String,
    /// The commit whose form of the file is in force; `None` if no form is.
    pub commit: Option<CommitId>,
    /// The age recipients of a SOPS file. An age file does not name its recipients.
    pub recipients: Option<Vec<String>>,
    /// The kinds of its other keys, such as `kms`: whoever holds one may open it too.
    pub other_keys: Vec<String>,
    /// Why the newest form of it is not in force.
    pub not_in_force: Option<String>,
    /// How many grants reach the document; `None` for a transit key.
    pub grants: Option<usize>,
    /// The first of these grants, as file and line.
    pub granted_by: Option<Vec<String>>,
}

impl FileStatus {
    /// Roughly how many bytes its JSON has.
    pub fn size(&self) -> usize {
        let lists = [self.recipients.as_ref(), self.granted_by.as_ref(), Some(&self.other_keys)];
        let texts = lists.into_iter().flatten().flatten().map(String::len);
        self.file.len() + self.not_in_force.as_ref().map_or(0, String::len) + texts.sum::<usize>()
    }
}

/// A grant that reaches no document.
#[derive(Serialize, Deserialize, Debug)]
pub struct EmptyGrant {
    /// File and line.
    pub at: String,
    /// Which documents, in the policy's words.
    pub documents: String,
}
