//! Permissions as a file has them, for policies and for the configuration.

use super::{Permission, SCHEMA};
use crate::words::github::PermissionError;
use crate::words::yaml::{Fields, Node};

impl Permission {
    /// `{ contents: read, … }`, each against GitHub's schema and these keys beside it; `None` takes any key that is not in the schema. Each fault is told where
    /// it stands, and then there are none.
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
