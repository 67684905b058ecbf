//! A document, and whose it is.

use super::error::ExportFault;
use serde_json::Value;

/// A document, and whose it is.
pub(super) struct Document<'a> {
    pub(super) whose: Option<&'a str>,
    pub(super) value: &'a Value,
}

impl Document<'_> {
    pub(super) fn whose(&self, expected: &'static str) -> Result<String, ExportFault> {
        self.whose.map(str::to_owned).ok_or(ExportFault::Nameless { expected })
    }
}
