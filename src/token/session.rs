//! A session, for an API whose clients log in once and then send many requests. It holds a proven identity, and no grants.
//!
//! It is encrypted by AES-256-GCM (RFC 5116) under a key for this purpose alone. Nonces are random and have 96 bits, so one key
//! seals at most 2^32 sessions (NIST SP 800-38D, section 8.3). A thousand logins a second for the month that a key is used stay
//! below that.

mod verified;

pub use verified::VerifiedSession;

use super::limits::SESSION_MAX;
use super::{Expected, LifetimeError, SessionKeyError, VerifiedToken};
use crate::words::SESSION_BEGIN as PREFIX;
use crate::words::names::{DecisionId, IssuerName, PolicyName};
use crate::words::{Denial, Digest, Reason, Secret, UnixTime, parse_duration};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use std::net::IpAddr;
use std::time::Duration;
use verified::{Body, ends_at};

/// The bytes of a session key.
pub const SESSION_KEY_BYTES: usize = 32;
/// Separates this use of a key's digest from any other.
const PURPOSE: &[u8] = b"daypass session v1";
/// The length of a key's id, which precedes the ciphertext.
const KEY_ID_BYTES: usize = 8;
/// Enough for the claims of a token of 16 KiB and the other members.
const SESSION_BYTES_MAX: usize = 24 * 1024;

/// A key that seals and opens sessions.
pub struct SessionKey {
    id: [u8; KEY_ID_BYTES],
    key: RandomizedNonceKey,
}

/// What a session begins with, in addition to the token.
pub struct Beginning {
    /// The login's decision: the session's id.
    pub id: DecisionId,
    /// The issuer's name in the configuration.
    pub issuer: IssuerName,
    /// The login's address.
    pub client: IpAddr,
    /// The only policy that the session may use, if the login named one.
    pub policy: Option<PolicyName>,
    /// How long the policies let it last after its token's end.
    pub lasting: Option<Duration>,
    /// The time of the login.
    pub now: UnixTime,
}

impl SessionKey {
    /// The key of these bytes. Its id is derived from them.
    pub fn new(bytes: &Secret) -> Result<Self, SessionKeyError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes.expose()).map_err(|_| SessionKeyError)?;
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&Digest::of(&[PURPOSE, bytes.expose()]).as_bytes()[..KEY_ID_BYTES]);
        Ok(Self { id, key })
    }

    /// Seals a session of this token's identity, and returns when it ends: with the token, when the token is too old for its
    /// issuer's settings, or after an hour, whichever comes first. If policies and issuer permit, it ends later than the token.
    pub fn seal(&self, token: &VerifiedToken, expected: &Expected, beginning: Beginning) -> Result<(Secret, UnixTime), Denial> {
        let token_ends_at = ends_at(token.issued_at(), token.expires_at(), expected);
        if token_ends_at <= beginning.now {
            return Err(Reason::TokenExpired.with_cause("nothing is left of the token's life for a session"));
        }
        let lasting = beginning.lasting.zip(expected.session_max).map(|(policies, issuer)| policies.min(issuer).min(SESSION_MAX));
        let lasts_until = lasting.map(|lasting| beginning.now.plus(lasting)).filter(|end| *end > token_ends_at);
        let expires_at = lasts_until.unwrap_or_else(|| token_ends_at.min(beginning.now.plus(SESSION_MAX)));
        let body = Body {
            id: beginning.id,
            issuer: beginning.issuer,
            audience: token.audience().clone(),
            claims: token.claims().as_map().clone(),
            token: *token.identifier().as_bytes(),
            token_issued_at: token.issued_at().millis(),
            token_expires_at: token.expires_at().millis(),
            begun_at: beginning.now.millis(),
            expires_at: expires_at.millis(),
            outlives_token: lasts_until.is_some(),
            signed_by: Some(*token.signed_by().as_bytes()),
            client: beginning.client,
            policy: beginning.policy,
        };
        let failed = || Reason::Internal.with_cause("the session could not be sealed");
        let mut sealed = serde_json::to_vec(&body).map_err(|_| failed())?;
        let nonce = self.key.seal_in_place_append_tag(Aad::from(self.id), &mut sealed).map_err(|_| failed())?;
        let bytes = [&self.id[..], nonce.as_ref(), &sealed].concat();
        Ok((format!("{PREFIX}{}", BASE64.encode(bytes)).into(), expires_at))
    }

    fn open(&self, nonce: &[u8; NONCE_LEN], sealed: &[u8]) -> Option<Body> {
        let mut bytes = zeroize::Zeroizing::new(sealed.to_vec());
        let opened = self.key.open_in_place(Nonce::from(nonce), Aad::from(self.id), &mut bytes).ok()?;
        serde_json::from_slice(opened).ok()
    }
}

/// Parses how long a session may last after its token's end.
pub fn parse_lifetime(text: &str) -> Result<Duration, LifetimeError> {
    match parse_duration(text)? {
        Duration::ZERO => Err(LifetimeError::None),
        lasting if lasting > SESSION_MAX => Err(LifetimeError::TooLong),
        lasting => Ok(lasting),
    }
}

/// Opens a session token with one of these keys. Only this function makes a [`VerifiedSession`].
pub fn open(token: &Secret, keys: &[SessionKey]) -> Result<VerifiedSession, Denial> {
    let refused = |cause: &str| Reason::SessionRefused.with_cause(cause);
    let text = token.expose_text().and_then(|text| text.strip_prefix(PREFIX)).ok_or_else(|| refused("no session token"))?;
    if text.len() > SESSION_BYTES_MAX {
        return Err(refused("longer than any session token"));
    }
    let bytes = BASE64.decode(text).map_err(|_| refused("not canonical base64url"))?;
    let (id, rest) = bytes.split_first_chunk::<KEY_ID_BYTES>().ok_or_else(|| refused("too short"))?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(|| refused("too short"))?;
    let key = keys.iter().find(|key| key.id == *id).ok_or_else(|| refused("sealed by no key that is held"))?;
    let body = key.open(nonce, sealed).ok_or_else(|| refused("changed, or sealed by somebody else"))?;
    Ok(VerifiedSession::opened(body))
}

#[cfg(test)]
mod tests;
