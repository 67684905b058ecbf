//! Layer B: from bytes to a [`VerifiedToken`]. Parsing is strict and pure, and each part is parsed once.

mod algorithm;
mod audience;
mod claims;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod json;
mod keys;
mod limits;
mod proof;
mod raw;
mod roca;
mod session;
mod verify;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use error::{ClaimsError, KeyError, KeySetError, LifetimeError, PossessionError, SessionKeyError};
pub use json::{
    ArrayForObject, FormError, JsonError, check_objects, from_json, parse as parse_json, parse_document, read_document,
};
pub use keys::{JWKS_BYTES_MAX, KeySet};
pub use limits::{CLOCK_LEEWAY, SESSION_MAX};
pub use proof::{Possession, Proof, ProofError, ProofKey, ProvedRequest, ProvingError, RequestBody, VerifiedProof};
pub use raw::{RawJws, RawToken, TOKEN_BYTES_MAX};
pub use session::{
    Beginning, SESSION_KEY_BYTES, SessionKey, VerifiedSession, open as open_session, parse_lifetime as parse_session_lifetime,
};
pub use verify::{Expected, SignedToken, VerifiedToken, verify, verify_signature, verify_signed};

#[cfg(test)]
pub(crate) use verify::tests as verified;
