//! The files of transit keys in a repository: one for each version of a key.

use super::names::{NameError, TransitKey};
use std::collections::BTreeMap;
use std::fmt;

/// Why a path is not a file of a transit key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TransitFileError {
    /// It is another file.
    #[error("expected transit/NAME/VERSION.age, with a version from 1")]
    Form,
    /// The key's name is not valid.
    #[error(transparent)]
    Key(#[from] NameError),
}

/// One version of a transit key: `transit/NAME/VERSION.age`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TransitFile {
    /// The key's name within its repository.
    pub key: TransitKey,
    /// The version, which starts at 1.
    pub version: u32,
}

impl TransitFile {
    /// The folder of all transit keys.
    pub const FOLDER: &str = "transit/";

    /// Reads the path of a file in a repository. The error says what was expected.
    pub fn parse(file: &str) -> Result<Self, TransitFileError> {
        let (key, number) =
            file.strip_prefix(Self::FOLDER).and_then(|rest| rest.rsplit_once('/')).ok_or(TransitFileError::Form)?;
        let version = number.strip_suffix(".age").and_then(parse_version).ok_or(TransitFileError::Form)?;
        Ok(Self { key: TransitKey::parse(key)?, version })
    }

    /// The files of transit keys among the files of a repository.
    pub fn among<T>(files: &BTreeMap<String, T>) -> impl Iterator<Item = Self> {
        let below = files.range(Self::FOLDER.to_owned()..).map_while(|(file, _)| file.starts_with(Self::FOLDER).then_some(file));
        below.filter_map(|file| Self::parse(file).ok())
    }

    /// Whether a repository has any version of this key.
    pub fn is_any_of<T>(files: &BTreeMap<String, T>, key: &TransitKey) -> bool {
        let folder = format!("{}{key}/", Self::FOLDER);
        let below = files.range(folder.clone()..).map_while(|(file, _)| file.starts_with(&folder).then_some(file));
        below.filter_map(|file| Self::parse(file).ok()).any(|file| file.key == *key)
    }
}

/// Reads a version in its only spelling, so that a ciphertext has only one spelling too.
pub fn parse_version(text: &str) -> Option<u32> {
    text.parse().ok().filter(|version: &u32| *version > 0 && version.to_string() == text)
}

impl fmt::Display for TransitFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}.age", Self::FOLDER, self.key, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_key_and_a_version() {
        for good in ["transit/flux/1.age", "transit/shop/backup/12.age"] {
            assert_eq!(TransitFile::parse(good).map(|file| file.to_string()), Ok(good.to_owned()));
        }
        let bad = [
            "transit/1.age",
            "transit/flux/0.age",
            "transit/flux/01.age",
            "transit/flux/+1.age",
            "transit/flux/1.yaml",
            "transit/flux/4294967296.age",
            "transit/flux/one.age",
            "secrets/flux/1.age",
            "transit/a/decrypt/1.age",
            "transit/../1.age",
        ];
        for bad in bad {
            assert!(TransitFile::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_there_while_a_version_is() {
        let files: BTreeMap<String, ()> =
            ["transit/a/b/1.age", "transit/c/x.txt", "transit/d.age"].into_iter().map(|file| (file.to_owned(), ())).collect();
        let there = |key: &str| TransitFile::is_any_of(&files, &TransitKey::parse(key).unwrap());
        assert!(there("a/b") && !there("a") && !there("c") && !there("d"));
        assert_eq!(TransitFile::among(&files).map(|file| file.version).collect::<Vec<_>>(), [1]);
    }
}
