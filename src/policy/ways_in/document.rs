//! A document of an export, and the check that several documents do not contradict each other.

use super::error::ExportFault;
use serde_json::Value;
use std::collections::BTreeMap;

/// A document of an export, and whose it is.
pub(super) struct Document<'a> {
    /// The name of the export, for messages.
    pub(super) name: &'a str,
    pub(super) owner: Option<&'a str>,
    pub(super) value: &'a Value,
}

impl Document<'_> {
    pub(super) fn require_owner(&self, expected: &'static str) -> Result<String, ExportFault> {
        self.owner.map(str::to_owned).ok_or(ExportFault::Nameless { expected })
    }
}

/// What exports say of things that have one state: if two exports differ, one of them is out of date.
pub(super) struct ConsistentMap<T>(BTreeMap<String, (T, String)>);

impl<T> Default for ConsistentMap<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: PartialEq> ConsistentMap<T> {
    /// Adds what this export says of a thing; an error if another export says something else.
    pub(super) fn take(&mut self, of: &str, value: T, export: &str) -> Result<(), ExportFault> {
        match self.0.get(of) {
            Some((known, _)) if *known == value => Ok(()),
            Some((_, other)) => Err(ExportFault::Differs { of: of.to_owned(), other: other.clone() }),
            None => {
                self.0.insert(of.to_owned(), (value, export.to_owned()));
                Ok(())
            }
        }
    }

    pub(super) fn get(&self, of: &str) -> Option<&T> {
        self.0.get(of).map(|(value, _)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.0.iter().map(|(of, (value, _))| (of, value))
    }
}
