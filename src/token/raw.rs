//! A token that is well-formed and not verified. It has exactly one textual form (RFC 7515, section 7.1).

use super::{Algorithm, Claims, json};
use crate::words::{Denial, Digest, Reason, Secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The longest token; GitHub's and GitLab's largest are near 3 KiB. A longer one is refused before it is split.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// The header members that do not change the meaning of a token (RFC 7515, section 4.1). Any other might, so it is refused.
const HEADER_MEMBERS: [&str; 5] = ["alg", "kid", "typ", "x5t", "x5t#S256"];

/// A compact JWS whose parts are decoded, and whose payload is not parsed.
pub struct RawJws {
    token: Secret,
    signing_input_length: usize,
    algorithm: Algorithm,
    key_id: Option<String>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl RawJws {
    /// Splits and decodes the token. Anything but a plain JWS with a known algorithm is refused.
    pub fn parse(token: Secret) -> Result<Self, Denial> {
        let malformed = |cause: &str| Reason::TokenMalformed.with_cause(cause);
        if token.expose().len() > TOKEN_BYTES_MAX {
            return Err(malformed("longer than 16 KiB"));
        }
        let text = token.expose_text().ok_or_else(|| malformed("not ASCII"))?;
        let mut parts = text.splitn(4, '.');
        let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("not three parts"));
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("not canonical base64url"));
        let (algorithm, key_id) = read_header(&decode(header)?)?;
        let (payload_bytes, signature_bytes) = (decode(payload)?, decode(signature)?);
        if signature_bytes.is_empty() {
            return Err(malformed("the signature is empty"));
        }
        let signing_input_length = header.len() + 1 + payload.len();
        Ok(Self { signing_input_length, algorithm, key_id, payload: payload_bytes, signature: signature_bytes, token })
    }

    /// The signed bytes: header and payload in their original encoding.
    pub(super) fn signing_input(&self) -> &[u8] {
        &self.token.expose()[..self.signing_input_length]
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The header's `alg`. It is used only if the key and the configuration agree.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The header's `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The whole token: a proof of possession has its digest.
    pub(super) fn expose(&self) -> &[u8] {
        self.token.expose()
    }
}

fn read_header(bytes: &[u8]) -> Result<(Algorithm, Option<String>), Denial> {
    let malformed = |cause: String| Reason::TokenMalformed.with_cause(cause);
    let Value::Object(header) = json::parse(bytes).map_err(|fault| malformed(format!("header: {fault}")))? else {
        return Err(malformed("the header is not an object".to_owned()));
    };
    if let Some(member) = header.keys().find(|member| !HEADER_MEMBERS.contains(&member.as_str())) {
        return Err(malformed(format!("the header has the member {member:?}, which is not accepted")));
    }
    match header.get("typ") {
        None => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("JWT") => {}
        Some(kind) => return Err(Reason::TokenTypeRefused.with_cause(format!("`typ` is {kind}"))),
    }
    let key_id = match header.get("kid") {
        None => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(_) => return Err(malformed("`kid` is not a text".to_owned())),
    };
    let named = header.get("alg").and_then(Value::as_str);
    let algorithm =
        named.and_then(Algorithm::parse).ok_or_else(|| Reason::AlgorithmRefused.with_cause(format!("`alg` is {named:?}")))?;
    Ok((algorithm, key_id))
}

/// A JWS whose payload is a claim set. Before the signature is verified, its claims only choose the issuer's keys.
pub struct RawToken {
    jws: RawJws,
    claims: Claims,
}

impl RawToken {
    /// Parses the job's token.
    pub fn parse(token: Secret) -> Result<Self, Denial> {
        let mut jws = RawJws::parse(token)?;
        let payload = std::mem::take(&mut jws.payload);
        let claims = Claims::parse(&payload).map_err(|fault| Reason::TokenMalformed.with_cause(format!("claims: {fault}")))?;
        claims.text("iss")?;
        Ok(Self { jws, claims })
    }

    /// The `iss` claim, a string. Only use it to find the configured issuer.
    pub fn unverified_issuer(&self) -> &str {
        self.claims.text("iss").unwrap_or_default()
    }

    /// The `aud` claim where it names exactly one, without the key that it may be bound to.
    pub fn unverified_audience(&self) -> Option<&str> {
        self.claims.addressee()
    }

    /// The token as a JWS.
    pub const fn jws(&self) -> &RawJws {
        &self.jws
    }

    pub(super) fn into_parts(self) -> (RawJws, Claims) {
        (self.jws, self.claims)
    }

    /// SHA-256 of the signed bytes, which does not change with a malleated signature.
    pub fn signing_input_digest(&self) -> Digest {
        Digest::plain(self.jws.signing_input())
    }
}
