//! The names of the rows of a `for_each` file: by them a cloud tells the rules of one policy apart.

use super::error::RowNameError;
use super::template::Row;
use crate::words::names::RowName;
use crate::words::yaml::{Fields, Node};
use std::collections::HashSet;

/// The column that holds them.
const COLUMN: &str = "name";

/// The names that were read so far.
#[derive(Default)]
pub(super) struct RowNames(HashSet<RowName>);

impl RowNames {
    /// The row's name, if it has one. A name that no subject can hold is a fault, and so is one that an earlier row has.
    pub(super) fn read<'a>(&mut self, fields: &mut Fields<'a, '_>, for_each: &'a Node, row: &Row) -> Option<RowName> {
        let text = row.get(COLUMN)?;
        let file = || for_each.as_text().unwrap_or_default().to_owned();
        let name = match RowName::parse(text) {
            Ok(name) if self.0.insert(name.clone()) => return Some(name),
            Ok(name) => Err(RowNameError::Twice { file: file(), name }),
            Err(fault) => Err(RowNameError::Name { file: file(), name: text.clone(), fault }),
        };
        name.map_err(|fault| fields.fault(for_each.place, fault)).ok()
    }
}
