//! The path of an encrypted file in its repository. Files that are encrypted here are bound to it.

use super::encrypted_path;
use crate::words::TransitFile;
use crate::words::names::SecretPath;
use std::fmt;

/// The path is not below the folders of encrypted files.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a file below secrets/ or transit/")]
pub struct NotBelow;

/// Such as `secrets/shop/db.yaml` or `transit/flux/1.age`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepositoryPath(String);

impl RepositoryPath {
    /// Reads a path. It must be below the folders of encrypted files.
    pub fn parse(file: &str) -> Result<Self, NotBelow> {
        encrypted_path(file).map(|_| Self(file.to_owned()))
    }

    /// The path of a secret's document.
    pub fn of_secret(path: &SecretPath) -> Self {
        Self(format!("secrets/{path}"))
    }

    /// The path of a version of a transit key.
    pub fn of_transit(file: &TransitFile) -> Self {
        Self(file.to_string())
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepositoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
