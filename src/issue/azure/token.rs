//! Reads the claims of Entra's access token. The signature is not verified: the token comes from Entra itself, over TLS.

use crate::issue::outward::json;
use crate::words::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The beginning of every JWT and JWE: `{"` in base64.
const BEGINS: &str = "eyJ";

/// What can be read of a token.
pub(super) enum ParsedToken {
    /// A JWT (RFC 7519): its claims.
    Claims(Map<String, Value>),
    /// Nothing: the token is not a JWT, or it is encrypted for the resource (JWE, RFC 7516).
    Opaque,
    /// It looks like a JWT and is not a valid one. A more lenient reader might find a JWT in it.
    Malformed,
}

impl ParsedToken {
    /// Reads this token.
    pub(super) fn of(token: &Secret) -> Self {
        let text = token.expose_text().unwrap_or_default();
        if !text.contains('.') && !text.starts_with(BEGINS) {
            return Self::Opaque;
        }
        let parts: Vec<&str> = text.split('.').collect();
        match parts[..] {
            [header, claims, signature] if decoded(signature).is_some_and(|bytes| !bytes.is_empty()) => {
                object(header).and_then(|_| object(claims)).map_or(Self::Malformed, Self::Claims)
            }
            // If the key is agreed on directly, the part of the key is empty (RFC 7516, section 5.1).
            [header, key, ..] if parts.len() == 5 && object(header).is_some_and(|header| header.contains_key("enc")) => {
                let rest = parts.iter().skip(2);
                let is_whole =
                    decoded(key).is_some() && rest.clone().all(|part| decoded(part).is_some_and(|part| !part.is_empty()));
                if is_whole { Self::Opaque } else { Self::Malformed }
            }
            _ => Self::Malformed,
        }
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    match json(&Secret::new(decoded(part)?)) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}
