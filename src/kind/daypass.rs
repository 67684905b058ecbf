//! `daypass`: uses of daypass itself. A policy grants them like anything else; they are used at our own API and never handed out.

use super::{Kind, Made, NamedError, named};
use std::fmt;

/// One use of daypass itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Permission {
    /// Asking what a candidate revision would have denied of what was granted before.
    PolicyReplay,
    /// Reading the audit log.
    AuditRead,
    /// Having files encrypted to today's recipients, or with new data keys.
    SecretRotate,
    /// Hearing how the encrypted files of a source stand.
    SecretStatus,
    /// Denying at once, without Git.
    Deny,
}

impl Permission {
    /// Every one that something uses. A word that nothing uses yet is no permission, so that nobody relies on it.
    pub const ALL: [Self; 5] = [Self::PolicyReplay, Self::AuditRead, Self::SecretRotate, Self::SecretStatus, Self::Deny];

    /// Its word in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyReplay => "policy.replay",
            Self::AuditRead => "audit.read",
            Self::SecretRotate => "secret.rotate",
            Self::SecretStatus => "secret.status",
            Self::Deny => "deny",
        }
    }

    /// The permission of this word.
    pub fn parse(word: &str) -> Result<Self, PermissionError> {
        Self::ALL.into_iter().find(|one| one.as_str() == word).ok_or(PermissionError)
    }
}

/// A word that is no permission's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this version grants {}", Permission::ALL.map(Permission::as_str).join(", "))]
pub struct PermissionError;

impl Kind for Permission {
    const EXAMPLE: Option<&'static str> = Some("policy.replay");
    const MADE: Made = Made::Never;

    type Error = NamedError<PermissionError>;

    fn read(text: Option<&str>) -> Result<Self, Self::Error> {
        named(text, Self::parse)
    }

    fn looks_like(text: &str) -> bool {
        Self::parse(text).is_ok()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
