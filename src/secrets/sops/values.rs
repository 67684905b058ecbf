//! The values of a file one by one: which of them are readable, and by what one is known again.

use super::document::{Document, SopsFile};
use super::error::SopsError;
use super::walk::{Found, look_through};
use crate::secrets::looks::{Shown, looks_secret};
use crate::words::Digest;
use std::collections::BTreeMap;

/// What stands at each path, in the file's order: a list's items share theirs.
pub type Values = BTreeMap<String, Vec<Digest>>;

impl SopsFile {
    /// The values that are not encrypted; null and empty ones say nothing.
    pub fn shown(&mut self) -> Vec<Shown> {
        let mut shown = Vec::new();
        look_through(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            if let Found::Leaf(leaf) = found
                && let Some(scalar) = leaf.scalar.as_ref().filter(|scalar| !at.encrypted && !scalar.is_empty())
            {
                shown.push(Shown { path: at.path.to_owned(), looks: looks_secret(scalar.expose()) });
            }
        });
        shown
    }

    /// The ciphertexts. One that stays the same has the same value; another one may have it too.
    pub fn ciphertexts(&mut self) -> Values {
        let mut values = Values::new();
        look_through(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            if let Found::Leaf(leaf) = found
                && let Some(scalar) = leaf.scalar.as_ref().filter(|scalar| at.encrypted && !scalar.is_empty())
            {
                values.entry(at.path.to_owned()).or_default().push(Digest::plain(scalar.expose()));
            }
        });
        values
    }
}

impl Document {
    /// The encrypted values, by digests of what they are.
    pub fn plaintexts(&self) -> Result<Values, SopsError> {
        let (mut file, mut values) = (self.reopened()?, Values::new());
        look_through(&mut file.tree, &file.metadata.rule, &mut |at, found| {
            if let Found::Leaf(leaf) = found
                && let Some(opened) = &leaf.opened
            {
                values.entry(at.path.to_owned()).or_default().push(Digest::plain(opened.expose()));
            }
        });
        Ok(values)
    }
}
