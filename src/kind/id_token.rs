//! `id_token`: a token of an issuer of our own.

use super::{Kind, named};
use crate::words::names::Audience;
use serde::Deserialize;
use std::fmt;

/// A token for this audience.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdTokenTarget {
    /// Whom it is for.
    pub audience: Audience,
}

impl Kind for IdTokenTarget {
    const EXAMPLE: Option<&'static str> = Some("AUDIENCE");

    fn read(text: Option<&str>) -> Result<Self, String> {
        named(text, Audience::parse).map(|audience| Self { audience })
    }

    fn looks_like(text: &str) -> bool {
        text.contains("://")
    }
}

impl fmt::Display for IdTokenTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.audience.fmt(f)
    }
}
