//! Reads permissions from a file, for policies and for the configuration.

use super::{Permission, SCHEMA};
use crate::words::github::PermissionError;
use crate::words::yaml::{Fields, Node};

impl Permission {
    /// Reads `{ contents: read, … }` by GitHub's schema and these extra keys. Without `extra` it accepts only keys that are not in the
    /// schema. Reports each fault at its place, and returns nothing if there is one.
    pub fn read_all<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, extra: Option<&[String]>) -> Option<Vec<Self>> {
        let mut inner = fields.below(node);
        let mut all = Vec::new();
        for (key, place, value) in inner.members() {
            let Some(level) = inner.text(value) else { continue };
            let read = match extra {
                Some(extra) => Self::parse(key, level, extra),
                None if SCHEMA.contains_key(key.as_str()) => Err(PermissionError::Known),
                None => Self::parse(key, level, std::slice::from_ref(key)),
            };
            match read {
                Ok(one) => all.push(one),
                Err(fault @ (PermissionError::NoLevel | PermissionError::Level { .. })) => inner.fault(value.place, fault),
                Err(fault) => inner.fault(*place, fault),
            }
        }
        (all.len() == inner.members().len()).then_some(all)
    }
}
