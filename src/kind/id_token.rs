//! `id_token`: a token of one of our own issuers.

mod answer;

pub use answer::IdToken;

use super::{Kind, Maker, NamedError, closed, named, reference};
use crate::words::names::{Audience, NameError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// A token for this audience.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdTokenTarget {
    /// The audience of the token.
    pub audience: Audience,
}

impl Kind for IdTokenTarget {
    const EXAMPLE: Option<&'static str> = Some("AUDIENCE");
    const MADE: Maker = Maker::Here;

    type Error = NamedError<NameError>;

    fn read(text: Option<&str>) -> Result<Self, Self::Error> {
        named(text, Audience::parse).map(|audience| Self { audience })
    }

    fn looks_like(text: &str) -> bool {
        // The scheme's characters are those of RFC 3986, section 3.1: a text that only contains an address further on does not look like one.
        let scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        text.split_once("://").is_some_and(|(before, _)| before.bytes().all(scheme))
    }

    fn body() -> Option<Value> {
        Some(closed(&["audience"], json!({ "audience": reference("Audience") })))
    }
}

impl fmt::Display for IdTokenTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.audience.fmt(f)
    }
}
