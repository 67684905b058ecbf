//! How an imported policy reads as a row of a policy for several repositories.

use super::written::text;
use crate::words::github::RepositoryId;

/// Where the policy for several repositories of an account stands, its text with placeholders, and the row of this repository. Policies
/// whose files and texts are equal differ in their rows alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RowForm {
    /// The path of the policy. Clients of octo-sts name it by account and identity.
    pub(super) file: String,
    /// The path of its rows.
    pub(super) rows: String,
    pub(super) yaml: String,
    pub(super) notes: Vec<String>,
    /// The repository's name in the account.
    pub(super) name: String,
    pub(super) id: RepositoryId,
}

impl RowForm {
    /// The row's line in the file of rows.
    pub(super) fn line(&self) -> String {
        format!("- {{ name: {}, id: \"{}\" }}\n", text(&self.name), self.id)
    }
}
