//! Makes every [`VerifiedToken`]: it checks the signature first, then every registered claim (RFC 7519, section 4.1; RFC 8725).

use super::audience::unbound;
use super::limits::CLOCK_LEEWAY;
use super::proof::{self, Proof, VerifiedProof};
use super::{Algorithm, Claims, KeySet, RawJws, RawToken};
use crate::words::names::{Audience, IssuerUrl};
use crate::words::{Denial, Digest, Reason, UnixTime, duration_text};
use std::time::Duration;

/// The longest lifetime of a token: one that lives longer than a day is like a permanent key.
const TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// What the configuration says of one issuer's tokens.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The issuer, compared byte for byte.
    pub issuer: IssuerUrl,
    /// Our audiences: a token has exactly one of them.
    pub audiences: Vec<Audience>,
    /// The algorithms that this issuer signs with.
    pub algorithms: Vec<Algorithm>,
    /// How long after `iat` a token is accepted.
    pub token_age_max: Duration,
    /// Whether a token serves only the first client that used it, even if it may be used often.
    pub one_client: bool,
    /// How long a session may last after its token's end; `None`: not at all.
    pub session_max: Option<Duration>,
}

/// The proof that the issuer made a token, that it is for us, and that it is valid now.
#[must_use]
pub struct VerifiedToken {
    jws: RawJws,
    claims: Claims,
    issuer: IssuerUrl,
    audience: Audience,
    /// Boxed: few tokens are bound to a key, and every request has room for this field.
    proven: Option<Box<VerifiedProof>>,
    identifier: Digest,
    signed_by: Digest,
    issued_at: UnixTime,
    expires_at: UnixTime,
}

/// The proof that the issuer signed a token. It may be for others, or expired.
#[must_use]
pub struct SignedToken<'a> {
    jws: RawJws,
    claims: Claims,
    signed_by: Digest,
    expected: &'a Expected,
}

/// Checks all of a token without a proof of possession: a token that is bound to a key is refused.
pub fn verify(raw: RawToken, keys: &KeySet, expected: &Expected, now: UnixTime) -> Result<VerifiedToken, Denial> {
    verify_signed(raw, keys, expected)?.verify(None, now)
}

/// Checks who made a token, in this order: algorithm, key, signature, issuer.
pub fn verify_signed<'a>(raw: RawToken, keys: &KeySet, expected: &'a Expected) -> Result<SignedToken<'a>, Denial> {
    let (jws, claims) = raw.into_parts();
    verify_signature(&jws, keys, &expected.algorithms)?;
    let signed_by =
        *keys.fingerprint(&jws).ok_or_else(|| Reason::UnknownKey.with_cause("no key of the issuer is the token's"))?;
    if claims.text("iss")? != expected.issuer.as_str() {
        return Err(Reason::UnknownIssuer.with_cause("`iss` is not the issuer whose keys were used"));
    }
    Ok(SignedToken { jws, claims, signed_by, expected })
}

impl SignedToken<'_> {
    /// Checks the rest, in this order: audience, type, times, subject and, for a token that is bound to a key, the proof of
    /// possession.
    pub fn verify(self, proof: Option<&Proof>, now: UnixTime) -> Result<VerifiedToken, Denial> {
        let Self { jws, claims, signed_by, expected } = self;
        let (audience, bound_to) = check_audience(&claims, expected)?;
        if claims.claim("nonce").is_some() {
            return Err(Reason::TokenTypeRefused.with_cause("`nonce` marks an ID token of a browser login"));
        }
        let (issued_at, expires_at) = check_times(&claims, expected, now)?;
        claims.text("sub")?;
        if claims.claim("jti").is_some() {
            claims.text("jti")?;
        }
        let check = |thumbprint: String| proof::check(&thumbprint, proof, jws.expose(), now).map(Box::new);
        let proven = bound_to.map(check).transpose()?;
        let identifier = identifier(&jws, &claims, &expected.issuer);
        let issuer = expected.issuer.clone();
        Ok(VerifiedToken { issuer, audience, proven, identifier, signed_by, issued_at, expires_at, jws, claims })
    }
}

/// The digest of `jti`. Without a `jti`, that of the signed bytes, which does not change with a malleated signature.
fn identifier(jws: &RawJws, claims: &Claims, issuer: &IssuerUrl) -> Digest {
    let issuer = issuer.as_str().as_bytes();
    match claims.text("jti") {
        Ok(id) => Digest::of(&[b"jti", issuer, id.as_bytes()]),
        Err(_) => Digest::of(&[b"input", issuer, Digest::plain(jws.signing_input()).as_bytes()]),
    }
}

/// Checks only the signature, by an algorithm that the configuration allows and that is the key's own.
pub fn verify_signature(jws: &RawJws, keys: &KeySet, algorithms: &[Algorithm]) -> Result<(), Denial> {
    if !algorithms.contains(&jws.algorithm()) {
        return Err(Reason::AlgorithmRefused.with_cause(format!("{} is not configured for this issuer", jws.algorithm())));
    }
    if !keys.holds(jws) {
        return Err(Reason::UnknownKey.with_cause("no key of the issuer has the token's `kid`"));
    }
    let key = keys.key(jws).ok_or_else(|| Reason::AlgorithmRefused.with_cause("the key is not for the token's algorithm"))?;
    key.verify_sig(jws.signing_input(), jws.signature())
        .map_err(|_| Reason::SignatureInvalid.with_cause("the signature does not verify"))
}

/// Checks the audience. Returns ours, and the thumbprint of the key that the token is bound to, if it is.
fn check_audience(claims: &Claims, expected: &Expected) -> Result<(Audience, Option<String>), Denial> {
    let mismatch = |cause: &str| Reason::AudienceMismatch.with_cause(cause);
    let audience = claims.audience().ok_or_else(|| mismatch("`aud` does not name exactly one audience"))?;
    let (audience, bound_to) = unbound(audience);
    let ours = expected.audiences.iter().find(|ours| ours.as_str() == audience);
    let ours = ours.cloned().ok_or_else(|| mismatch("`aud` is not one of ours"))?;
    Ok((ours, bound_to.map(str::to_owned)))
}

fn check_times(claims: &Claims, expected: &Expected, now: UnixTime) -> Result<(UnixTime, UnixTime), Denial> {
    let required =
        |name: &str| claims.seconds(name)?.ok_or_else(|| Reason::ClaimRefused.with_cause(format!("`{name}` is missing")));
    let (expires_at, issued_at) = (UnixTime::from_seconds(required("exp")?), UnixTime::from_seconds(required("iat")?));
    if now >= expires_at.plus(CLOCK_LEEWAY) {
        let detail = format!("The token expired {} ago, at {expires_at}.", span(now.since(expires_at)));
        return Err(Reason::TokenExpired.with_cause(format!("`exp` was {expires_at}, it is {now}")).with_detail(detail));
    }
    let not_before = claims.seconds("nbf")?.map(UnixTime::from_seconds);
    if let Some(ahead) = [Some(issued_at), not_before].into_iter().flatten().find(|moment| *moment > now.plus(CLOCK_LEEWAY)) {
        return Err(Reason::TokenNotYetValid.with_cause(format!("`nbf` or `iat` is {ahead}, it is {now}")));
    }
    if now >= issued_at.plus(expected.token_age_max).plus(CLOCK_LEEWAY) {
        let (age, most) = (now.since(issued_at), expected.token_age_max);
        let detail = format!("The token is {} old, and this issuer's tokens are taken for {}.", span(age), span(most));
        return Err(Reason::TokenTooOld.with_cause(format!("`iat` was {issued_at}, it is {now}: {detail}")).with_detail(detail));
    }
    if expires_at <= issued_at || expires_at.since(issued_at) > TOKEN_LIFETIME_MAX {
        return Err(Reason::ClaimRefused.with_cause("the token's lifetime is not between a second and a day"));
    }
    Ok((issued_at, expires_at))
}

fn span(duration: Duration) -> String {
    duration_text(Duration::from_secs(duration.as_secs()))
}

impl VerifiedToken {
    /// The configured issuer.
    pub const fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// The one audience, one of ours.
    pub const fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The proof of possession of its key, if it is bound to one.
    pub fn proven(&self) -> Option<&VerifiedProof> {
        self.proven.as_deref()
    }

    /// The fingerprint of the key that signed it.
    pub const fn signed_by(&self) -> &Digest {
        &self.signed_by
    }

    /// `sub`: a text that is not empty.
    pub fn subject(&self) -> &str {
        self.claims.text("sub").unwrap_or_default()
    }

    /// Every claim.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// `iat`.
    pub const fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// `exp`.
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// `jti`, where the issuer gives one.
    pub fn token_id(&self) -> Option<&str> {
        self.claims.text("jti").ok()
    }

    /// The replay check's identifier of it.
    pub const fn identifier(&self) -> &Digest {
        &self.identifier
    }

    /// The signature: the only part of a token that nobody else knows. The rest can be guessed, and many tools print it.
    pub fn signature(&self) -> &[u8] {
        self.jws.signature()
    }
}

#[cfg(test)]
pub(crate) mod tests;
