//! The facts of an identity, for policies and for the audit log.

use super::Facts;
use crate::words::{CanonicalObject, canonical_members};
use std::sync::{Arc, OnceLock};

/// All uses of a session share it, so that each JSON form is made once. It proves nothing: an [`Identity`](super::Identity) does.
pub struct SharedFacts {
    facts: Facts,
    attributes: OnceLock<CanonicalObject>,
    claims: OnceLock<Arc<str>>,
}

impl SharedFacts {
    pub(super) const fn new(facts: Facts) -> Self {
        Self { facts, attributes: OnceLock::new(), claims: OnceLock::new() }
    }

    /// What policies compare.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// `sub`: a non-empty text.
    pub fn subject(&self) -> &str {
        self.facts.claims.claim("sub").and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    /// The attributes as canonical JSON.
    pub fn attributes(&self) -> CanonicalObject {
        self.attributes.get_or_init(|| self.facts.attributes_map().into()).clone()
    }

    /// The claims as canonical JSON.
    pub fn claims(&self) -> Arc<str> {
        self.claims.get_or_init(|| canonical_members(self.facts.claims.as_map()).into()).clone()
    }
}
