//! Writes and reads secrets in JSON, for `#[serde(with = …)]`. A [`Secret`] itself cannot be serialized, so that none is written by
//! mistake.

use super::Secret;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Secrets as text.
pub mod text {
    use super::*;

    /// Writes it out.
    pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose_text().ok_or_else(|| S::Error::custom("a secret that is no text"))?)
    }

    /// Takes it in.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::from)
    }
}

/// Secrets as base64 (RFC 4648, section 4).
pub mod base64 {
    use super::*;
    use ::base64::Engine;
    use ::base64::engine::general_purpose::STANDARD;

    /// Writes it out.
    pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(secret.expose()))
    }

    /// Takes it in.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let text = Secret::from(String::deserialize(deserializer)?);
        STANDARD.decode(text.expose()).map(Secret::new).map_err(D::Error::custom)
    }
}
