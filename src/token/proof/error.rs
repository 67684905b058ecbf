//! Why a proof does not hold, or cannot be made.

use super::super::error::KeyError;
use super::super::json::JsonError;

/// What is wrong with a proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// RFC 7515, section 7.1.
    #[error("it is not a compact JWS")]
    NoJws,
    /// By its bytes.
    #[error("it is longer than 4 KiB")]
    TooLong,
    /// One of its parts.
    #[error("it is not base64url")]
    NoBase64,
    /// Its header or its claims.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Its header or its claims.
    #[error("it is made of something else than objects")]
    NoObject,
    /// RFC 9449, section 4.2.
    #[error("its header is not that of a proof")]
    Header,
    /// Not one that we verify.
    #[error("its `alg` is not ES256 or EdDSA")]
    Algorithm,
    /// The header has no key.
    #[error("it has no `jwk`")]
    NoKey,
    /// The header has one that is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The header has one that is for something else.
    #[error("its key cannot verify a signature")]
    KeyVerifiesNothing,
    /// The header has one for another algorithm.
    #[error("its key is not for its `alg`")]
    KeyOfOtherAlgorithm,
    /// The key did not sign this.
    #[error("its signature does not verify")]
    Signature,
    /// The token is bound to another one.
    #[error("it is by another key")]
    OtherKey,
    /// A claim that is no digest.
    #[error("`{claim}` is not a SHA-256 in base64url")]
    NoDigest {
        /// Its name.
        claim: &'static str,
    },
    /// Of another request.
    #[error("`htm` is not the request's method")]
    OtherMethod,
    /// Of another request.
    #[error("`htu` is not the request's address")]
    OtherAddress,
    /// Of another token.
    #[error("`ath` is not the token's hash")]
    OtherToken,
    /// Nothing would tell it from the next one.
    #[error("`jti` is missing")]
    NoId,
    /// Of another time.
    #[error("`iat` is not of this minute")]
    NotFresh,
    /// Of another request.
    #[error("`query_sha256` is not of the request's query")]
    OtherQuery,
    /// Of another request.
    #[error("`body_sha256` is not of the request's body")]
    OtherBody,
}

/// Why a client cannot prove anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProvingError {
    /// It has no key.
    #[error("a key cannot be made")]
    NoKey,
    /// The key does not sign.
    #[error("a proof cannot be signed")]
    NotSigned,
}
