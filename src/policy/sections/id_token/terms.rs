//! The terms of one token of daypass's own issuer, with nothing left to choose.

use crate::words::names::Audience;
use std::collections::BTreeMap;
use std::time::Duration;

/// A token of daypass's own issuer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdTokenTerms {
    /// Its audience.
    pub audience: Audience,
    /// How long it lives: at most an hour.
    pub ttl: Duration,
    /// Further claims, filled with the verified attributes.
    pub claims: BTreeMap<String, String>,
}
