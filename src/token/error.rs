//! Faults of a token's claims, its issuer's keys, a proof or a session.

use super::json::JsonError;
use super::limits::{KEYS_MAX, SESSION_MAX};
use crate::words::{DurationError, duration_text};

/// Why bytes are no claim set.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    /// They are no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// They are no JSON object.
    #[error("claims are a JSON object")]
    NoObject,
}

/// Why the whole key set of an issuer is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// It has too many bytes.
    #[error("the JWKS is larger than 256 KiB")]
    TooLarge,
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// RFC 7517, section 5.1.
    #[error("the JWKS has no array `keys`")]
    NoList,
    /// It has too many keys.
    #[error("the JWKS has more than {KEYS_MAX} keys")]
    TooMany,
    /// RFC 7517, section 4.
    #[error("a key is not an object")]
    NoObject,
    /// It holds a key that refuses the whole set.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A token could not choose one of the two.
    #[error("two keys have the same `kid`, or none")]
    TwoOfOneId,
    /// It has no key that could verify a token.
    #[error("the JWKS has no key that can verify a signature")]
    NoneVerifies,
}

/// Why a key refuses its whole set: the issuer's other keys cannot be trusted either.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// A key with which every reader of the set can sign.
    #[error("the JWKS holds a private or symmetric key")]
    Secret,
    /// RFC 7517, section 4.5.
    #[error("a `kid` is not a text")]
    IdIsNoText,
    /// A key whose private half can be computed.
    #[error("an RSA key bears the ROCA fingerprint (CVE-2017-15361)")]
    Roca,
}

/// A policy's word for a proof that does not exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected required or standard")]
pub struct PossessionError;

/// Why a session cannot last as long as a policy or the configuration says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LifetimeError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// It is zero.
    #[error("leave it out: then a session ends with its token")]
    None,
    /// It is too long.
    #[error("a session lasts for {} at most", duration_text(SESSION_MAX))]
    TooLong,
}

/// A session key of the wrong length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a session key does not have 32 bytes")]
pub struct SessionKeyError;
