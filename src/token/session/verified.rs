//! The content of an opened session.

use crate::token::limits::{CLOCK_LEEWAY, SESSION_MAX};
use crate::token::{Claims, Expected};
use crate::words::names::{Audience, DecisionId, IssuerName, PolicyName};
use crate::words::{Denial, Digest, Reason, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::time::Duration;

/// The sealed content. Only opening it makes a [`VerifiedSession`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub(super) id: DecisionId,
    pub(super) issuer: IssuerName,
    pub(super) audience: Audience,
    pub(super) claims: Map<String, Value>,
    pub(super) token: [u8; 32],
    pub(super) token_issued_at: i64,
    pub(super) token_expires_at: i64,
    pub(super) begun_at: i64,
    pub(super) expires_at: i64,
    /// Whether it may outlive its token. Sessions of earlier versions lack this member and the next one.
    #[serde(default)]
    pub(super) outlives_token: bool,
    #[serde(default)]
    pub(super) signed_by: Option<[u8; 32]>,
    pub(super) client: IpAddr,
    pub(super) policy: Option<PolicyName>,
}

/// The proof that this server sealed the session. [`Self::check`] decides whether it is valid now. Only [`super::open`] makes
/// one.
#[must_use]
pub struct VerifiedSession {
    body: Body,
    claims: Claims,
}

impl VerifiedSession {
    /// For [`super::open`] alone, which has just opened it.
    pub(super) fn opened(mut body: Body) -> Self {
        let claims = Claims::from(std::mem::take(&mut body.claims));
        Self { body, claims }
    }

    /// Its id: the login's decision.
    pub const fn id(&self) -> &DecisionId {
        &self.body.id
    }

    /// The issuer's name in the configuration.
    pub const fn issuer(&self) -> &IssuerName {
        &self.body.issuer
    }

    /// The address of the login.
    pub const fn client(&self) -> IpAddr {
        self.body.client
    }

    /// The only policy that it may use, if the login named one.
    pub const fn policy(&self) -> Option<&PolicyName> {
        self.body.policy.as_ref()
    }

    /// Every claim of the token that began it.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The replay check's identifier of that token.
    pub const fn token_identifier(&self) -> &[u8; 32] {
        &self.body.token
    }

    /// When that token expires.
    pub const fn token_expires_at(&self) -> UnixTime {
        UnixTime::from_millis(self.body.token_expires_at)
    }

    /// Whether it may outlive its token. Then it serves one client alone.
    pub const fn outlives_token(&self) -> bool {
        self.body.outlives_token
    }

    /// The fingerprint of the issuer's key that signed its token.
    pub fn signed_by(&self) -> Option<Digest> {
        self.body.signed_by.map(Digest::from_bytes)
    }

    /// When it was begun.
    pub const fn begun_at(&self) -> UnixTime {
        UnixTime::from_millis(self.body.begun_at)
    }

    /// When it ends.
    pub const fn expires_at(&self) -> UnixTime {
        UnixTime::from_millis(self.body.expires_at)
    }

    /// Refuses a session that has ended, or whose token today's configuration of its issuer would not accept. If only the token
    /// has ended, it returns how long the session has lasted.
    pub fn check(&self, expected: &Expected, now: UnixTime) -> Result<Option<Duration>, Denial> {
        let refused = |cause: &str| Err(Reason::SessionRefused.with_cause(cause));
        if now >= self.expires_at() {
            return refused("it has ended");
        }
        if self.claims.text("iss")? != expected.issuer.as_str() {
            return refused("its issuer's name stands for another issuer now");
        }
        if !expected.audiences.contains(&self.body.audience) {
            return refused("its token's audience is not one of ours any more");
        }
        let token_ends_at = ends_at(UnixTime::from_millis(self.body.token_issued_at), self.token_expires_at(), expected);
        if self.body.outlives_token && now >= token_ends_at {
            let lasts = expected.session_max.unwrap_or_default().min(SESSION_MAX);
            let age = now.since(self.begun_at());
            return if age < lasts {
                Ok(Some(age))
            } else {
                refused("its token has ended, and its issuer lets it last no longer")
            };
        }
        if now >= token_ends_at.plus(CLOCK_LEEWAY) {
            return refused("its token is older than this issuer's tokens may be by now");
        }
        Ok(None)
    }
}

/// Until when the identity of such a token is accepted.
pub(super) fn ends_at(issued_at: UnixTime, expires_at: UnixTime, expected: &Expected) -> UnixTime {
    expires_at.min(issued_at.plus(expected.token_age_max))
}
