//! The permissions of a GitHub App's token. The keys and their levels are GitHub's own. A level includes those below it.

mod read;

use super::bounds::PERMISSION_BYTES_MAX;
use super::error::PermissionError;
use crate::words::yaml::nearest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The level of a permission.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// To read.
    Read,
    /// To read and change.
    Write,
    /// To read, change and administer.
    Admin,
}

impl Level {
    /// All levels.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

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

/// The permission that GitHub adds to every token.
const IMPLIED: (&str, Level) = ("metadata", Level::Read);

/// One permission, such as `contents: read`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permission {
    key: Box<str>,
    level: Level,
}

impl Permission {
    /// The pattern of a key for JSON Schema.
    pub const KEY: &str = "^[a-z_]{1,64}$";

    /// Checks a permission by GitHub's schema. The operator's `extra` keys may have any level.
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

    /// Checks that a key could be one of GitHub's.
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

/// The permissions of a token, at least one.
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

    /// The level of a key; `None` if it is not among them.
    pub fn level(&self, key: &str) -> Option<Level> {
        self.0.get(key).copied()
    }

    /// Whether these include the others. `metadata: read` is always included, because GitHub adds it to every token.
    pub fn covers(&self, other: &Self) -> bool {
        self.missing_from(other).is_none()
    }

    /// The first of the others that these do not include.
    pub fn missing_from<'a>(&self, other: &'a Self) -> Option<(&'a str, Level)> {
        other.iter().find(|needed| self.level(needed.0) < Some(needed.1) && *needed != IMPLIED)
    }
}

#[cfg(test)]
mod tests;
