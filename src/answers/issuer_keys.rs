//! `keys`: the keys of the server's own issuers, and the documents that publish them.

use crate::words::UnixTime;
use crate::words::names::IssuerUrl;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The same of both own issuers, under their words.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct OfIssuers<T> {
    /// Of the issuer that clouds trust.
    pub clouds: T,
    /// Of the issuer of `id_token`s.
    #[serde(rename = "id-tokens")]
    pub id_tokens: T,
}

impl<T> OfIssuers<T> {
    /// What `change` makes of both.
    pub fn map<U>(self, change: impl Fn(T) -> U) -> OfIssuers<U> {
        OfIssuers { clouds: change(self.clouds), id_tokens: change(self.id_tokens) }
    }
}

/// An issuer's keys, and its documents as this server serves them.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct IssuerKeys {
    /// The keys.
    #[serde(flatten)]
    pub published: PublishedKeys,
    /// The discovery document.
    pub discovery: DiscoveryDocument,
    /// The JWKS.
    pub jwks: Jwks,
}

/// An issuer's keys, and when they have to be published again.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct PublishedKeys {
    /// The keys, the oldest first.
    pub keys: Vec<IssuerKey>,
    /// When the next key is made and has to be published.
    pub next_key_at: UnixTime,
    /// When the next key begins to sign: a day later.
    pub host_before: UnixTime,
    /// The issuer's address.
    pub issuer: IssuerUrl,
    /// Whether another host serves that address.
    pub hosted_elsewhere: bool,
}

/// One key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct IssuerKey {
    /// Its id.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: String,
    /// Its state.
    pub state: IssuerKeyState,
    /// Since when.
    pub since: UnixTime,
    /// When it begins to sign, if it is published and does not wait to be hosted.
    pub signs_from: Option<UnixTime>,
    /// When it was first written for another host.
    pub hosted_at: Option<UnixTime>,
    /// Whether it cannot sign because it was not written for the other host yet.
    pub waits_to_be_hosted: bool,
}

/// The state of a key.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum IssuerKeyState {
    /// It is in the JWKS and does not sign yet.
    Published,
    /// It signs.
    Signing,
    /// It is still in the JWKS and no longer signs.
    Retired,
}

impl IssuerKeyState {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signing => "signing",
            Self::Retired => "retired",
        }
    }
}

/// The discovery document (OpenID Connect Discovery 1.0, section 3): the members that workload federation reads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct DiscoveryDocument {
    /// The issuer's address.
    pub issuer: String,
    /// The address of the JWKS.
    pub jwks_uri: String,
    /// Always `id_token`.
    pub response_types_supported: Vec<String>,
    /// Always `public`.
    pub subject_types_supported: Vec<String>,
    /// The algorithms of its keys.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The claims of its tokens.
    pub claims_supported: Vec<String>,
}

/// A JWK Set (RFC 7517, section 5). Its keys stay as they are: another host has to serve every member unchanged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Jwks {
    /// The keys.
    #[serde(default)]
    pub keys: Vec<Value>,
}

impl Jwks {
    /// The ids of its keys.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(kid)
    }

    /// The key of this id.
    pub fn find(&self, wanted: &str) -> Option<&Value> {
        self.keys.iter().find(|key| kid(key) == Some(wanted))
    }
}

fn kid(key: &Value) -> Option<&str> {
    key.get("kid")?.as_str()
}

/// To `keys/rotate`: how many keys were made, and all keys.
#[derive(Serialize, Deserialize, Debug)]
pub struct RotatedKeys<K = IssuerKeys> {
    /// How many were made. A next key that is already waiting goes first.
    pub made: usize,
    /// The keys of both issuers.
    pub issuers: OfIssuers<K>,
}
