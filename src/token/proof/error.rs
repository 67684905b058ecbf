//! Why a proof is refused, or cannot be made.

use super::super::error::KeyError;
use super::super::json::JsonError;

/// What is wrong with a proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// RFC 7515, section 7.1.
    #[error("it is not a compact JWS")]
    NoJws,
    /// It has too many bytes.
    #[error("it is longer than 4 KiB")]
    TooLong,
    /// One of its parts is not encoded.
    #[error("it is not base64url")]
    NoBase64,
    /// Its header or its claims are no strict JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Its header or its claims are no objects.
    #[error("it is made of something else than objects")]
    NoObject,
    /// RFC 9449, section 4.2.
    #[error("its header is not that of a proof")]
    Header,
    /// It has an algorithm that is not accepted.
    #[error("its `alg` is not ES256 or EdDSA")]
    Algorithm,
    /// The header has no key.
    #[error("it has no `jwk`")]
    NoKey,
    /// The header has a key that is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The header has a key that is not for signatures.
    #[error("its key cannot verify a signature")]
    KeyVerifiesNothing,
    /// The header has a key for another algorithm.
    #[error("its key is not for its `alg`")]
    KeyOfOtherAlgorithm,
    /// The key did not sign this.
    #[error("its signature does not verify")]
    Signature,
    /// The token is bound to another key.
    #[error("it is by another key")]
    OtherKey,
    /// A claim is no digest.
    #[error("`{claim}` is not a SHA-256 in base64url")]
    NoDigest {
        /// Its name.
        claim: &'static str,
    },
    /// It is for another method.
    #[error("`htm` is not the request's method")]
    OtherMethod,
    /// It is for another address.
    #[error("`htu` is not the request's address")]
    OtherAddress,
    /// It is for another token.
    #[error("`ath` is not the token's hash")]
    OtherToken,
    /// It has no id, so that a replay could not be recognized.
    #[error("`jti` is missing")]
    NoId,
    /// It is too old, or from the future.
    #[error("`iat` is not of this minute")]
    NotFresh,
    /// It is for another query.
    #[error("`query_sha256` is not of the request's query")]
    OtherQuery,
    /// It is for another body.
    #[error("`body_sha256` is not of the request's body")]
    OtherBody,
}

/// Why a client cannot make a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProvingError {
    /// No key could be generated.
    #[error("a key cannot be made")]
    NoKey,
    /// The key could not sign.
    #[error("a proof cannot be signed")]
    NotSigned,
}
