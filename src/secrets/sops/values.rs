//! The values of a file one by one: which of them are readable, and by what one is known again.

use super::document::{Document, SopsFile};
use super::walk::{Found, walk};
use crate::secrets::looks::{Shown, looks_secret};
use crate::words::Digest;
use std::collections::BTreeMap;

/// What stands at each path, in the file's order: a list's items share theirs.
pub type Values = BTreeMap<String, Vec<Digest>>;

impl SopsFile {
    /// The values that are not encrypted; null and empty ones say nothing.
    pub fn shown(&mut self) -> Result<Vec<Shown>, String> {
        let mut shown = Vec::new();
        walk(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            if let Found::Leaf(leaf) = found
                && let Some(scalar) = leaf.scalar.as_ref().filter(|scalar| !at.encrypted && !scalar.is_empty())
            {
                shown.push(Shown { path: at.path.to_owned(), looks: looks_secret(scalar.expose()) });
            }
            Ok(())
        })?;
        Ok(shown)
    }

    /// The ciphertexts. One that stays the same has the same value; another one may have it too.
    pub fn ciphertexts(&mut self) -> Result<Values, String> {
        let mut values = Values::new();
        walk(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            if let Found::Leaf(leaf) = found
                && let Some(scalar) = leaf.scalar.as_ref().filter(|scalar| at.encrypted && !scalar.is_empty())
            {
                values.entry(at.path.to_owned()).or_default().push(Digest::plain(scalar.expose()));
            }
            Ok(())
        })?;
        Ok(values)
    }
}

impl Document {
    /// The encrypted values, by digests of what they are.
    pub fn plaintexts(&self) -> Result<Values, String> {
        let (mut file, mut values) = (self.reopened()?, Values::new());
        walk(&mut file.tree, &file.metadata.rule, &mut |at, found| {
            if let Found::Leaf(leaf) = found
                && let Some(opened) = &leaf.opened
            {
                values.entry(at.path.to_owned()).or_default().push(Digest::plain(opened.expose()));
            }
            Ok(())
        })?;
        Ok(values)
    }
}
