//! The client's side of a proof: a key that each process generates, and that lives as long as the process.

use super::super::audience::bound;
use super::{ProvingError, hash_of};
use crate::words::{Digest, UnixTime};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

/// A key that never leaves memory.
pub struct ProofKey(EcdsaKeyPair);

/// A request as it is about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct ProvedRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its address without query and fragment.
    pub url: &'a str,
    /// Its query without the question mark; empty where there is none.
    pub query: &'a str,
    /// Its body; empty where there is none.
    pub body: &'a [u8],
}

impl ProofKey {
    /// Generates a key.
    pub fn generate() -> Result<Self, ProvingError> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Self).map_err(|_| ProvingError::NoKey)
    }

    /// The audience to request from the CI, so that its token is useless without this key.
    pub fn bind(&self, audience: &str) -> String {
        bound(audience, &BASE64.encode(Digest::plain(self.jwk().to_string().as_bytes()).as_bytes()))
    }

    /// A proof for one request with this token. `id` must not be used again.
    pub fn prove(&self, request: ProvedRequest<'_>, token: &[u8], now: UnixTime, id: &str) -> Result<String, ProvingError> {
        let ProvedRequest { method, url, query, body } = request;
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let claims = json!({
            "jti": id, "htm": method, "htu": url, "iat": now.seconds(), "ath": hash_of(token),
            "query_sha256": hash_of(query.as_bytes()), "body_sha256": hash_of(body),
        });
        let input = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).map_err(|_| ProvingError::NotSigned)?;
        Ok(format!("{input}.{}", BASE64.encode(signature)))
    }

    /// The public key, its members in the order of RFC 7638.
    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({ "crv": "P-256", "kty": "EC", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..65]) })
    }
}
