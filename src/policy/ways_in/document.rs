//! A document, and whose it is; and what several of them say of the same.

use super::error::ExportFault;
use serde_json::Value;
use std::collections::BTreeMap;

/// A document, and whose it is.
pub(super) struct Document<'a> {
    /// The export, for people.
    pub(super) name: &'a str,
    pub(super) whose: Option<&'a str>,
    pub(super) value: &'a Value,
}

impl Document<'_> {
    pub(super) fn whose(&self, expected: &'static str) -> Result<String, ExportFault> {
        self.whose.map(str::to_owned).ok_or(ExportFault::Nameless { expected })
    }
}

/// What exports say of things that are one way: two that differ cannot both hold now.
pub(super) struct Once<T>(BTreeMap<String, (T, String)>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: PartialEq> Once<T> {
    /// What this export says of it.
    pub(super) fn take(&mut self, of: &str, says: T, export: &str) -> Result<(), ExportFault> {
        match self.0.get(of) {
            Some((known, _)) if *known == says => Ok(()),
            Some((_, other)) => Err(ExportFault::Differs { of: of.to_owned(), other: other.clone() }),
            None => {
                self.0.insert(of.to_owned(), (says, export.to_owned()));
                Ok(())
            }
        }
    }

    pub(super) fn get(&self, of: &str) -> Option<&T> {
        self.0.get(of).map(|(says, _)| says)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.0.iter().map(|(of, (says, _))| (of, says))
    }
}
