//! `daypass`: uses of daypass itself. A policy grants them like anything else; they are used at our own API and never handed out.

use super::{Kind, named};
use std::fmt;

/// One use of daypass itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Permission {
    /// Asking what a candidate revision would have denied of what was granted before.
    PolicyReplay,
    /// Having files encrypted to today's recipients, or with new data keys.
    SecretRotate,
}

impl Permission {
    /// Every one that something uses. A word that nothing uses yet is no permission, so that nobody relies on it.
    pub const ALL: [Self; 2] = [Self::PolicyReplay, Self::SecretRotate];

    /// Its word in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyReplay => "policy.replay",
            Self::SecretRotate => "secret.rotate",
        }
    }

    /// The permission of this word.
    pub fn parse(word: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|one| one.as_str() == word).ok_or_else(|| format!("this version grants {known}"))
    }
}

impl Kind for Permission {
    const EXAMPLE: Option<&'static str> = Some("policy.replay");

    fn read(text: Option<&str>) -> Result<Self, String> {
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
