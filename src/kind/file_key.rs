//! `file_key`: the file key of one header of a document, which decrypts the whole document.

mod answer;

pub use answer::FileKey;

use super::{Committed, Kind, Maker, TreeFile};
use crate::words::Digest;
use crate::words::names::{NameError, SecretName, SecretPath};
use std::fmt;

/// The file key of one header.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileKeyTarget {
    /// The document.
    pub document: SecretPath,
    /// The header whose file key is asked for.
    pub header: Digest,
}

impl FileKeyTarget {
    /// The secret that it decrypts: the whole document.
    pub fn secret(&self) -> SecretName {
        SecretName { path: self.document.clone(), key: None }
    }
}

/// A text that names no header of a document.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileKeyError {
    /// It is not two words.
    #[error("expected a document and a header")]
    Form,
    /// The second one.
    #[error("a header is 64 hexadecimal digits")]
    Header,
    /// The first one.
    #[error(transparent)]
    Document(#[from] NameError),
}

impl Kind for FileKeyTarget {
    const EXAMPLE: Option<&'static str> = None;
    const MADE: Maker = Maker::Here;

    type Error = FileKeyError;

    fn read(text: Option<&str>) -> Result<Self, FileKeyError> {
        let (document, header) = text.and_then(|text| text.split_once(' ')).ok_or(FileKeyError::Form)?;
        let header = Digest::parse(header).ok_or(FileKeyError::Header)?;
        Ok(Self { document: SecretPath::parse(document)?, header })
    }

    fn committed(&self) -> Option<Committed<'_>> {
        Some(Committed::Current(TreeFile::Document(&self.document)))
    }
}

impl fmt::Display for FileKeyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.document, self.header)
    }
}
