//! What one identity gets: a token in which nothing is left to choose.

use crate::words::names::Audience;
use std::collections::BTreeMap;
use std::time::Duration;

/// A token of our own issuer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdTokenTerms {
    /// Whom it is for.
    pub audience: Audience,
    /// How long it lives: at most an hour.
    pub ttl: Duration,
    /// Further claims, with the verified attributes already in them.
    pub claims: BTreeMap<String, String>,
}
