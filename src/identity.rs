//! Layer B: who asks, in the same words for every CI. A claim mapping is data; a new CI is one YAML file.

mod attribute;
mod mapping;
mod subject;

pub use attribute::{Attribute, Attributes, Value};
pub use mapping::{Mapping, ReplayRule, Said, put as put_claim};

use crate::token::{Claims, VerifiedToken};
use crate::words::names::IssuerName;
use serde_json::Map;

/// What policies look at: an issuer, its canonical attributes, and its raw claims.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The issuer's name in the configuration.
    pub issuer: IssuerName,
    /// The canonical attributes that this issuer claims; what it does not claim is absent.
    pub attributes: Attributes,
    /// The claims as they came.
    pub claims: Claims,
}

impl Facts {
    /// An attribute, if the issuer claims it.
    pub fn attribute(&self, attribute: Attribute) -> Option<&Value> {
        self.attributes.get(&attribute)
    }

    /// The attributes as JSON, for answers and records.
    pub fn attributes_json(&self) -> serde_json::Value {
        let members: Map<_, _> =
            self.attributes.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_json())).collect();
        serde_json::Value::Object(members)
    }
}

/// The proof that a verified token was read by its issuer's mapping. Only [`Mapping::identify`] makes one.
#[must_use]
pub struct Identity {
    facts: Facts,
    token: VerifiedToken,
    replay: ReplayRule,
}

impl Identity {
    /// What policies look at.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The token that proves it.
    pub const fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// How often this issuer's tokens may be shown.
    pub const fn replay(&self) -> ReplayRule {
        self.replay
    }
}
