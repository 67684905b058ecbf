//! What is wrong with what stands around a token: its claims, its issuer's keys, a proof, a session.

use super::json::JsonError;
use super::limits::{KEYS_MAX, SESSION_MAX};
use crate::words::{DurationError, duration_text};

/// Bytes that are no claim set.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    /// They are no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// They are other JSON.
    #[error("claims are a JSON object")]
    NoObject,
}

/// Why an issuer's keys are refused whole.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// By its bytes.
    #[error("the JWKS is larger than 256 KiB")]
    TooLarge,
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// RFC 7517, section 5.1.
    #[error("the JWKS has no array `keys`")]
    NoList,
    /// By its keys.
    #[error("the JWKS has more than {KEYS_MAX} keys")]
    TooMany,
    /// RFC 7517, section 4.
    #[error("a key is not an object")]
    NoObject,
    /// One of them.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing would tell them apart.
    #[error("two keys have the same `kid`, or none")]
    TwoOfOneId,
    /// Nothing could be verified.
    #[error("the JWKS has no key that can verify a signature")]
    NoneVerifies,
}

/// What makes a key one that nothing beside it can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Whoever has read it signs as well.
    #[error("the JWKS holds a private or symmetric key")]
    Secret,
    /// RFC 7517, section 4.5.
    #[error("a `kid` is not a text")]
    IdIsNoText,
    /// Its private half can be computed.
    #[error("an RSA key bears the ROCA fingerprint (CVE-2017-15361)")]
    Roca,
}

/// Why a policy's word for a proof is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected required or standard")]
pub struct PossessionError;

/// Why a session cannot last as long as somebody writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LifetimeError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// No time.
    #[error("leave it out: then a session ends with its token")]
    None,
    /// Too much of it.
    #[error("a session lasts for {} at most", duration_text(SESSION_MAX))]
    TooLong,
}

/// Bytes that are no session key: there are too many or too few.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a session key is not of 32 bytes")]
pub struct SessionKeyError;
