//! `grant: secrets`: documents by pattern, and one key of them or the whole.

use crate::policy::pattern::Pattern;
use crate::policy::template::{Row, fill_row, fill_row_text};
use crate::words::names::{SecretName, check_pointer};
use crate::words::yaml::{Fields, Node, Place};

/// Documents by pattern, and one key of them or the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct SecretGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) documents: Pattern,
    pub(in crate::policy) key: Option<String>,
}

impl SecretGrant {
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        let text = fields.text(node)?;
        let (path, key) = text.split_once('#').map_or((text, None), |(path, key)| (path, Some(key)));
        let documents = fill_row(path, row).and_then(|pieces| Pattern::from_pieces(&pieces));
        let key = key.map(|key| fill_row_text(key, row).and_then(|key| check_pointer(&key).map(|()| key))).transpose();
        match (documents, key) {
            (Ok(documents), Ok(key)) => Some(Self { place: node.place, documents, key }),
            (Err(fault), _) | (_, Err(fault)) => {
                fields.fault(node.place, fault);
                None
            }
        }
    }

    /// A grant of the document covers its keys; a grant of a key covers that key.
    pub(in crate::policy) fn covers(&self, name: &SecretName) -> bool {
        self.documents.matches(name.path.as_str()) && (self.key.is_none() || self.key == name.key)
    }
}
