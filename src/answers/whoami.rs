//! `whoami`: what the server reads in a token.

use crate::words::UnixTime;
use crate::words::names::IssuerName;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The identity of a token, and when the token ends.
#[derive(Serialize, Deserialize, Debug)]
pub struct Whoami {
    /// The issuer, by its name in the configuration.
    pub issuer: IssuerName,
    /// The canonical attributes that policies match.
    pub attributes: Map<String, Value>,
    /// The token's own claims.
    pub claims: Map<String, Value>,
    /// When the token ends.
    pub expires_at: UnixTime,
}
