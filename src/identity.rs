//! Layer B: who asks, in the same terms for every CI. A claim mapping is data; a new CI is one YAML file.

mod attribute;
mod evidence;
mod mapping;
mod session;
mod subject;

pub use attribute::{Attribute, Attributes, Value};
pub use evidence::SharedFacts;
#[cfg(test)]
pub use mapping::documented;
pub use mapping::{
    ClaimForm, ClaimType, Mapping, MappingError, Presence, ReplayRule, Unread, ValueFormat, is_cloned_as, put as put_claim,
};
pub use session::KnownSession;

use crate::token::{Claims, Possession, VerifiedProof, VerifiedSession, VerifiedToken};
use crate::words::names::IssuerName;
use crate::words::{Secret, UnixTime};
use serde_json::Map;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What policies compare: an issuer, the canonical attributes, and the raw claims.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The issuer's name in the configuration.
    pub issuer: IssuerName,
    /// The canonical attributes that this issuer claims; what it does not claim is absent.
    pub attributes: Attributes,
    /// Attributes without a readable value: the claim has a form that the mapping cannot read, or every other token of the issuer
    /// has the attribute. An attribute without its id counts too.
    pub unreadable: BTreeSet<Attribute>,
    /// Those of them whose claim is there.
    pub garbled: BTreeSet<Attribute>,
    /// The token's claims.
    pub claims: Claims,
}

impl Facts {
    /// An attribute, if the issuer claims it.
    pub fn attribute(&self, attribute: Attribute) -> Option<&Value> {
        self.attributes.get(&attribute)
    }

    /// The attributes as JSON, for answers and records.
    pub fn attributes_json(&self) -> serde_json::Value {
        serde_json::Value::Object(self.attributes_map())
    }

    /// The same as its members.
    pub fn attributes_map(&self) -> Map<String, serde_json::Value> {
        self.attributes.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_json())).collect()
    }
}

/// The proof that its issuer's mapping read a verified token, or a session that began with one. Only [`Mapping::identify`] and
/// [`Mapping::identify_session`] make one.
#[must_use]
pub struct Identity {
    evidence: Arc<SharedFacts>,
    proof: Proof,
    replay: ReplayRule,
    one_client: bool,
    remembered_until: UnixTime,
    session_age: Option<Duration>,
}

/// What proves an identity.
enum Proof {
    /// Boxed: an identity is moved often, and its token is large.
    Token(Box<VerifiedToken>),
    Session(Arc<VerifiedSession>, Secret),
}

impl Identity {
    /// What policies compare.
    pub fn facts(&self) -> &Facts {
        self.evidence.facts()
    }

    /// The same with its JSON forms for the audit log.
    pub const fn evidence(&self) -> &Arc<SharedFacts> {
        &self.evidence
    }

    /// The token that proves the identity, unless a session does.
    pub const fn token(&self) -> Option<&VerifiedToken> {
        match &self.proof {
            Proof::Token(token) => Some(token),
            Proof::Session(..) => None,
        }
    }

    /// The session that proves the identity, unless a token does.
    pub fn session(&self) -> Option<&VerifiedSession> {
        match &self.proof {
            Proof::Token(_) => None,
            Proof::Session(session, _) => Some(session),
        }
    }

    /// The proof of possession of its token's key, if the token is bound to one. A session is not bound to a key.
    pub fn proven(&self) -> Option<&VerifiedProof> {
        self.token().and_then(VerifiedToken::proven)
    }

    /// What was proved in addition to the token.
    pub fn possession(&self) -> Possession {
        self.proven().map_or(Possession::Nothing, VerifiedProof::possession)
    }

    /// `sub`: a non-empty text.
    pub fn subject(&self) -> &str {
        self.evidence.subject()
    }

    /// The replay check's identifier of the token.
    pub fn token_identifier(&self) -> [u8; 32] {
        match &self.proof {
            Proof::Token(token) => *token.identifier().as_bytes(),
            Proof::Session(session, _) => *session.token_identifier(),
        }
    }

    /// When the token expires.
    pub fn token_expires_at(&self) -> UnixTime {
        match &self.proof {
            Proof::Token(token) => token.expires_at(),
            Proof::Session(session, _) => session.token_expires_at(),
        }
    }

    /// Until when the token or a session of it may be used, and its uses are remembered.
    pub const fn remembered_until(&self) -> UnixTime {
        self.remembered_until
    }

    /// How long the session has lasted, if its token has ended.
    pub const fn session_age(&self) -> Option<Duration> {
        self.session_age
    }

    /// The part of the token or session that only its holders know: the key of a stored answer is derived from it.
    pub fn secret_part(&self) -> &[u8] {
        match &self.proof {
            Proof::Token(token) => token.signature(),
            Proof::Session(_, token) => token.expose(),
        }
    }

    /// Whether the token and its sessions serve one client alone.
    pub const fn serves_one_client(&self) -> bool {
        self.one_client
    }

    /// How often the token or session may be used.
    pub const fn replay(&self) -> ReplayRule {
        self.replay
    }
}
