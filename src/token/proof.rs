//! Proof of possession (RFC 9449, DPoP): a token whose audience names a key is accepted only with a signature by that key.
//!
//! A CI lets a job choose its token's audience, and nothing else of it. So the audience holds the binding:
//! `https://daypass.example?cnf=THUMBPRINT`. Every API refuses such a token without its proof.
//!
//! RFC 9449 does not cover the query and the body. So a proof may have two further claims: `query_sha256` and `body_sha256`, each
//! the SHA-256 in base64url of the bytes as they are sent. See docs/decisions/0025.

mod error;
mod key;
mod possession;

pub use error::{ProofError, ProvingError};
pub use key::{ProofKey, ProvedRequest};
pub use possession::{Possession, VerifiedProof};

use super::limits::CLOCK_LEEWAY;
use super::{Algorithm, json, keys};
use crate::words::{Denial, Digest, Reason, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json as object};
use std::time::Duration;

/// How old a proof may be: it is made for one request. The leeway for clocks is that of tokens.
const PROOF_AGE_MAX: Duration = Duration::from_secs(60);
/// A used proof is remembered this much longer than it is accepted: longer than any request takes from its proof to its record.
const KEPT_BEYOND: Duration = Duration::from_secs(60);
/// Separates the digest of a proof's id from any other digest.
const PURPOSE: &[u8] = b"daypass proof v1";
/// Enough for a header with a key, and seven short claims.
const PROOF_BYTES_MAX: usize = 4096;
/// A thumbprint (RFC 7638): SHA-256 in base64url.
const THUMBPRINT_LENGTH: usize = 43;
/// Algorithms whose keys a job can make quickly, and that every verifier has.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::EdDsa];

/// A proof that is not verified, and its request.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The `DPoP` header.
    pub jws: String,
    /// The request's method.
    pub method: String,
    /// The request's address without query and fragment, at each of the server's origins.
    pub urls: Vec<String>,
    /// SHA-256 of the request's raw query without its question mark; of nothing where there is none.
    pub query: Digest,
    /// The request's body.
    pub body: RequestBody,
}

/// The body of a request that is proved.
#[derive(Clone, Copy, Debug)]
pub enum RequestBody {
    /// It was read. Holds its SHA-256.
    Read(Digest),
    /// It is read after the grant. [`VerifiedProof::check_body`] has to be called then.
    Unread,
}

/// Checks that the proof is signed by this key, is for this request and this token, and is fresh.
pub(super) fn check(thumbprint: &str, proof: Option<&Proof>, token: &[u8], now: UnixTime) -> Result<VerifiedProof, Denial> {
    if thumbprint.len() != THUMBPRINT_LENGTH || URL_SAFE_NO_PAD.decode(thumbprint).is_err() {
        return Err(Reason::AudienceMismatch.with_cause("`aud` names no key by its thumbprint"));
    }
    let proof =
        proof.ok_or_else(|| Reason::ProofMissing.with_cause("the token is bound to a key, and there is no proof of it"))?;
    let wrong = |fault: ProofError| Reason::ProofInvalid.with_cause(fault);
    let (header, claims) = verified(&proof.jws).map_err(wrong)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if thumbprint_of(&header).as_deref() != Some(thumbprint) {
        return Err(wrong(ProofError::OtherKey));
    }
    let issued_at = claims.get("iat").and_then(Value::as_i64).map_or(UnixTime::from_seconds(0), UnixTime::from_seconds);
    let fresh = issued_at <= now.plus(CLOCK_LEEWAY) && now < issued_at.plus(PROOF_AGE_MAX);
    let (query, body) = (covered(&claims, "query_sha256").map_err(wrong)?, covered(&claims, "body_sha256").map_err(wrong)?);
    let expected = [
        (text("htm") == proof.method, ProofError::OtherMethod),
        (proof.urls.iter().any(|url| url == text("htu")), ProofError::OtherAddress),
        (text("ath") == hash_of(token), ProofError::OtherToken),
        (!text("jti").is_empty(), ProofError::NoId),
        (fresh, ProofError::NotFresh),
        (query.is_none_or(|query| query == proof.query), ProofError::OtherQuery),
        (body.is_none_or(|body| proof.body.may_be(&body)), ProofError::OtherBody),
    ];
    if let Some((_, fault)) = expected.into_iter().find(|(holds, _)| !holds) {
        return Err(wrong(fault));
    }
    let possession = if query.is_some() && body.is_some() { Possession::Request } else { Possession::Key };
    let unread = body.filter(|_| matches!(proof.body, RequestBody::Unread));
    let id = Digest::of(&[PURPOSE, thumbprint.as_bytes(), text("jti").as_bytes()]);
    let kept_until = issued_at.plus(PROOF_AGE_MAX).plus(KEPT_BEYOND);
    Ok(VerifiedProof { thumbprint: thumbprint.to_owned(), id, kept_until, possession, unread })
}

impl RequestBody {
    fn may_be(self, digest: &Digest) -> bool {
        match self {
            Self::Read(read) => read == *digest,
            Self::Unread => true,
        }
    }
}

/// The proof's digest of a part of the request, if it has one.
fn covered(claims: &Members, claim: &'static str) -> Result<Option<Digest>, ProofError> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let bytes = value.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let digest = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(Digest::from_bytes);
    digest.map(Some).ok_or(ProofError::NoDigest { claim })
}

/// SHA-256 in base64url. For the token it is `ath` (RFC 9449, section 4.2).
fn hash_of(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Digest::plain(bytes).as_bytes())
}

/// A JSON object.
type Members = Map<String, Value>;

/// Header and claims of a JWS of type `dpop+jwt`, whose signature verifies by the key in its header.
fn verified(jws: &str) -> Result<(Members, Members), ProofError> {
    let parts: Vec<&str> = jws.splitn(4, '.').collect();
    let [header, payload, signature] = parts[..] else { return Err(ProofError::NoJws) };
    if jws.len() > PROOF_BYTES_MAX {
        return Err(ProofError::TooLong);
    }
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| ProofError::NoBase64);
    let object = |part: &str| match json::parse(&decode(part)?)? {
        Value::Object(members) => Ok(members),
        _ => Err(ProofError::NoObject),
    };
    let (header, claims) = (object(header)?, object(payload)?);
    let named = |name: &str| header.get(name).and_then(Value::as_str);
    if header.keys().any(|member| !["typ", "alg", "jwk"].contains(&member.as_str())) || named("typ") != Some("dpop+jwt") {
        return Err(ProofError::Header);
    }
    let algorithm = named("alg").and_then(Algorithm::parse).filter(|algorithm| ALGORITHMS.contains(algorithm));
    let algorithm = algorithm.ok_or(ProofError::Algorithm)?;
    let jwk = header.get("jwk").and_then(Value::as_object).ok_or(ProofError::NoKey)?;
    let key = keys::parse_one(jwk, algorithm)?;
    let signed = &jws.as_bytes()[..jws.len() - signature.len() - 1];
    key.verify_sig(signed, &decode(signature)?).map_err(|_| ProofError::Signature)?;
    Ok((header, claims))
}

/// The thumbprint (RFC 7638) of the key in a proof's header, over the required members in lexical order.
fn thumbprint_of(header: &Members) -> Option<String> {
    let jwk = header.get("jwk")?;
    let members = match jwk["kty"].as_str()? {
        "EC" => object!({ "crv": jwk["crv"], "kty": "EC", "x": jwk["x"], "y": jwk["y"] }),
        "OKP" => object!({ "crv": jwk["crv"], "kty": "OKP", "x": jwk["x"] }),
        _ => return None,
    };
    Some(URL_SAFE_NO_PAD.encode(Digest::plain(members.to_string().as_bytes()).as_bytes()))
}

#[cfg(test)]
mod tests;
