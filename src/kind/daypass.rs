//! `daypass`: uses of daypass itself. A policy grants them like credentials. They are used at the native API and never given out.

use super::{Kind, Maker, NamedError, named};
use std::fmt;

/// One use of daypass itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Permission {
    /// To ask which past grants a candidate revision would have denied.
    PolicyReplay,
    /// To read the audit log.
    AuditRead,
    /// To have files encrypted again, to the current recipients or with new data keys.
    SecretRotate,
    /// To read the status of a source's encrypted files.
    SecretStatus,
    /// To deny at once, without Git.
    Deny,
}

impl Permission {
    /// All permissions. A word that nothing uses yet is not a permission, so that nobody relies on it.
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

/// A word is not a permission.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this version grants {}", Permission::ALL.map(Permission::as_str).join(", "))]
pub struct PermissionError;

impl Kind for Permission {
    const EXAMPLE: Option<&'static str> = Some("policy.replay");
    const MADE: Maker = Maker::Never;

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
