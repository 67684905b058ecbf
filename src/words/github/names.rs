//! Accounts and repositories. Like on GitHub, `Acme/Shop` and `acme/shop` are equal. The original spelling is kept for display.

use super::bounds::{APP_BYTES_MAX, OWNER_BYTES_MAX, REPOSITORY_BYTES_MAX};
use super::error::{AppNameError, RepositoryError};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A text in its original spelling that is compared without regard to case.
#[derive(Clone, Debug)]
struct Folded(Box<str>);

/// A GitHub App, as the configuration calls it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AppName(Box<str>);

/// A user or an organization.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Owner(Folded);

/// `OWNER/REPOSITORY`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RepositoryName {
    owner: Owner,
    name: Folded,
}

/// The id of a repository, which stays the same when its name changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct RepositoryId(u64);

/// `OWNER/REPOSITORY@ID`, or without the id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Repository {
    /// Its name. If there is an id, the id decides.
    pub name: RepositoryName,
    /// Its id.
    pub id: Option<RepositoryId>,
}

impl AppName {
    /// Parses the name of an App.
    pub fn parse(text: &str) -> Result<Self, AppNameError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let sized = (1..=APP_BYTES_MAX).contains(&text.len());
        if sized && text.bytes().all(good) { Ok(Self(text.into())) } else { Err(AppNameError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Owner {
    /// Parses the name of an account.
    pub fn parse(text: &str) -> Result<Self, RepositoryError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let sized = (1..=OWNER_BYTES_MAX).contains(&text.len());
        let named = sized && text.bytes().all(good) && !text.starts_with('-');
        if named { Ok(Self(Folded(text.into()))) } else { Err(RepositoryError::Owner) }
    }

    /// The original spelling.
    pub fn as_str(&self) -> &str {
        &self.0.0
    }

    /// The spelling in lower case, as the key of a map.
    pub fn folded(&self) -> String {
        self.0.0.to_ascii_lowercase()
    }
}

impl RepositoryName {
    /// The form of a name, as a regular expression. `.` and `..` are no names.
    pub const FORM: &str = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,38}/([A-Za-z0-9_-][A-Za-z0-9._-]{0,99}|\\.[A-Za-z0-9_-][A-Za-z0-9._-]{0,98}|\\.\\.[A-Za-z0-9._-]{1,98})$";

    /// Parses both parts.
    pub fn parse(text: &str) -> Result<Self, RepositoryError> {
        let (owner, name) = text.split_once('/').ok_or(RepositoryError::Parts)?;
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let sized = (1..=REPOSITORY_BYTES_MAX).contains(&name.len());
        if !sized || !name.bytes().all(good) || matches!(name, "." | "..") {
            return Err(RepositoryError::Repository);
        }
        Ok(Self { owner: Owner::parse(owner)?, name: Folded(name.into()) })
    }

    /// Its owner.
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The part after the owner, in its original spelling.
    pub fn name(&self) -> &str {
        &self.name.0
    }
}

impl RepositoryId {
    /// Parses its digits.
    pub fn parse(text: &str) -> Result<Self, RepositoryError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse().ok().filter(|_| digits).and_then(Self::new).ok_or(RepositoryError::Id)
    }

    /// Checks a number. GitHub's ids are `int64`.
    pub fn new(number: u64) -> Option<Self> {
        (number > 0 && i64::try_from(number).is_ok()).then_some(Self(number))
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl Repository {
    /// Parses a name with or without an id.
    pub fn parse(text: &str) -> Result<Self, RepositoryError> {
        Ok(match text.split_once('@') {
            Some((name, id)) => Self { name: RepositoryName::parse(name)?, id: Some(RepositoryId::parse(id)?) },
            None => Self { name: RepositoryName::parse(text)?, id: None },
        })
    }
}

impl Folded {
    fn bytes(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Folded {}

impl Ord for Folded {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for Folded {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Folded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xff);
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name())
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        self.id.map_or(Ok(()), |id| write!(f, "@{id}"))
    }
}

crate::words::as_text! { AppName Owner RepositoryName Repository }

impl<'de> Deserialize<'de> for RepositoryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).ok_or_else(|| de::Error::custom(RepositoryError::Id))
    }
}

#[cfg(test)]
mod tests;
