//! What a token of a GitHub App may do. The keys and their levels are GitHub's own, and a level covers those below it.

mod read;

use super::bounds::PERMISSION_BYTES_MAX;
use super::error::PermissionError;
use crate::words::yaml::nearest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How much of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// To see.
    Read,
    /// To change, and to see.
    Write,
    /// To govern, and the others.
    Admin,
}

impl Level {
    const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The level of this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// Whoever may do anything in a repository sees what it is: GitHub adds this to every token by itself.
const IMPLIED: (&str, Level) = ("metadata", Level::Read);

/// One of them, such as `contents: read`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permission {
    key: Box<str>,
    level: Level,
}

impl Permission {
    /// Parses it against GitHub's schema and against the keys that the operator adds to it, which have any level.
    pub fn parse(key: &str, level: &str, extra: &[String]) -> Result<Self, PermissionError> {
        let level = Level::parse(level).ok_or(PermissionError::NoLevel);
        let Some(levels) = SCHEMA.get(key) else {
            return match extra.iter().any(|extra| extra == key) {
                true => Ok(Self { key: Self::check_key(key)?.into(), level: level? }),
                false => Err(unknown(key)),
            };
        };
        let level = level?;
        if !levels.contains(&level) {
            let levels = levels.iter().map(|level| format!("`{}`", level.as_str())).collect::<Vec<_>>().join(", ");
            return Err(PermissionError::Level { levels });
        }
        Ok(Self { key: key.into(), level })
    }

    /// A key that could be one of GitHub's.
    pub fn check_key(key: &str) -> Result<&str, PermissionError> {
        let good = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let sized = (1..=PERMISSION_BYTES_MAX).contains(&key.len());
        if good && sized { Ok(key) } else { Err(PermissionError::NoKey) }
    }
}

fn unknown(key: &str) -> PermissionError {
    let known: Vec<&'static str> = SCHEMA.keys().copied().collect();
    match Permission::check_key(key) {
        Ok(key) => PermissionError::Unknown { near: nearest(key, &known) },
        Err(fault) => fault,
    }
}

static SCHEMA: LazyLock<BTreeMap<&'static str, Vec<Level>>> = LazyLock::new(|| {
    let lines = include_str!("app-permissions.txt").lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split(' '));
    words.filter_map(|mut words| Some((words.next()?, words.filter_map(Level::parse).collect()))).collect()
});

/// All that a token may do: one permission at least.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Box<str>, Level>")]
pub struct Permissions(BTreeMap<Box<str>, Level>);

impl TryFrom<BTreeMap<Box<str>, Level>> for Permissions {
    type Error = PermissionError;

    fn try_from(all: BTreeMap<Box<str>, Level>) -> Result<Self, PermissionError> {
        all.keys().try_for_each(|key| Permission::check_key(key).map(|_| ()))?;
        if all.is_empty() { Err(PermissionError::None) } else { Ok(Self(all)) }
    }
}

impl Permissions {
    /// All of these.
    pub fn new(all: impl IntoIterator<Item = Permission>) -> Result<Self, PermissionError> {
        all.into_iter().map(|one| (one.key, one.level)).collect::<BTreeMap<_, _>>().try_into()
    }

    /// Each key and its level.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Level)> {
        self.0.iter().map(|(key, level)| (&**key, *level))
    }

    /// The level of a key; `None` where it is not among them.
    pub fn level(&self, key: &str) -> Option<Level> {
        self.0.get(key).copied()
    }

    /// Whether these allow all that the others do. To see what a repository is, any of them allows: GitHub adds that to every token.
    pub fn covers(&self, other: &Self) -> bool {
        self.lacks(other).is_none()
    }

    /// The first of the others that these do not allow.
    pub fn lacks<'a>(&self, other: &'a Self) -> Option<(&'a str, Level)> {
        other.iter().find(|wanted| self.level(wanted.0) < Some(wanted.1) && *wanted != IMPLIED)
    }
}

#[cfg(test)]
mod tests;
