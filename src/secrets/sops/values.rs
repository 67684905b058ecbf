//! The values of a file one by one: which of them are readable, and digests to compare them.

use super::document::{Document, SopsFile};
use super::error::SopsError;
use super::walk::{Visited, look_through};
use crate::secrets::file_kind::{ReadableValue, looks_secret};
use crate::words::Digest;
use std::collections::BTreeMap;

/// The digests of the values at each path, in the file's order. Items of a list share a path.
pub type Values = BTreeMap<String, Vec<Digest>>;

impl SopsFile {
    /// The values that are not encrypted, without null and empty ones.
    pub fn readable_values(&mut self) -> Vec<ReadableValue> {
        let mut values = Vec::new();
        look_through(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            if let Visited::Leaf(leaf) = found
                && let Some(scalar) = leaf.scalar.as_ref().filter(|scalar| !at.encrypted && !scalar.is_empty())
            {
                values.push(ReadableValue { path: at.path.to_owned(), looks: looks_secret(scalar.expose()) });
            }
        });
        values
    }

    /// The digests of the ciphertexts. An unchanged ciphertext has an unchanged value; a changed one may have the same value too.
    pub fn ciphertexts(&mut self) -> Values {
        let mut values = Values::new();
        look_through(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            if let Visited::Leaf(leaf) = found
                && let Some(scalar) = leaf.scalar.as_ref().filter(|scalar| at.encrypted && !scalar.is_empty())
            {
                values.entry(at.path.to_owned()).or_default().push(Digest::plain(scalar.expose()));
            }
        });
        values
    }
}

impl Document {
    /// The digests of the decrypted values.
    pub fn plaintexts(&self) -> Result<Values, SopsError> {
        let (mut file, mut values) = (self.reopened()?, Values::new());
        look_through(&mut file.tree, &file.metadata.rule, &mut |at, found| {
            if let Visited::Leaf(leaf) = found
                && let Some(opened) = &leaf.opened
            {
                values.entry(at.path.to_owned()).or_default().push(Digest::plain(opened.expose()));
            }
        });
        Ok(values)
    }
}
