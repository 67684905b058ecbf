//! `file_key`: the file key of one header of a document, by which all of the document opens.

use super::{InTree, Kind};
use crate::words::Digest;
use crate::words::names::{SecretName, SecretPath};
use std::fmt;

/// The file key of one header.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileKeyTarget {
    /// The document.
    pub document: SecretPath,
    /// Which of its headers.
    pub header: Digest,
}

impl FileKeyTarget {
    /// The secret that opens by it: the whole document.
    pub fn secret(&self) -> SecretName {
        SecretName { path: self.document.clone(), key: None }
    }
}

impl Kind for FileKeyTarget {
    const EXAMPLE: Option<&'static str> = None;

    fn read(text: Option<&str>) -> Result<Self, String> {
        let (document, header) = text.and_then(|text| text.split_once(' ')).ok_or("expected a document and a header")?;
        let header = Digest::parse(header).ok_or("a header is 64 hexadecimal digits")?;
        Ok(Self { document: SecretPath::parse(document).map_err(|fault| fault.to_string())?, header })
    }

    fn in_tree(&self) -> Option<InTree<'_>> {
        Some(InTree::Document(&self.document))
    }
}

impl fmt::Display for FileKeyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.document, self.header)
    }
}
