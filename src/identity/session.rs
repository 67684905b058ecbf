//! Makes an [`Identity`] from a session, which only this server can have sealed.
//!
//! [`Mapping::identify`] reads a token whose signature was just verified. Here no signature is verified: a client of the Vault
//! API sends its token once, and then a session token. These are the reasons why the session may stand for the token:
//!
//! - Only opening an authenticated ciphertext makes a `VerifiedSession`, and its content comes from a `VerifiedToken`. So the
//!   claims are exactly those of a token that this server verified.
//! - It holds an identity, and no grants. Today's mapping reads the claims, and every use is decided by the revision in force, so
//!   that a policy, a guardrail or an operators' denial of a minute ago counts.
//! - It ends with its token, and the issuer's current configuration still has to accept that token. If issuer and policy let it
//!   last longer, it serves one client alone, the issuer must still have its token's key, and after the token's end it gives only
//!   secrets and transit keys.
//! - It holds the replay check's identifier of its token, so that `replay: once` counts the token's uses and the session's
//!   together.
//! - If only one client may use the token, only that client may use the session, and no other client gets the same credential by
//!   either of them. If every holder may use the token again, every holder may use the session.
//!
//! See docs/decisions/0010.

use super::{Identity, Mapping, Proof, ReplayRule, SharedFacts};
use crate::token::{Expected, VerifiedSession};
use crate::words::names::IssuerName;
use crate::words::{Client, Denial, FirstUse, Reason, Secret, UnixTime};
use std::sync::Arc;

/// An opened session and its facts, which are the same at every use. It does not prove that the session is valid now.
#[derive(Clone)]
pub struct KnownSession {
    session: Arc<VerifiedSession>,
    evidence: Arc<SharedFacts>,
}

impl KnownSession {
    /// The opened session.
    pub fn session(&self) -> &VerifiedSession {
        &self.session
    }
}

impl Mapping {
    /// Reads an opened session.
    pub fn read_session(&self, issuer: &IssuerName, session: VerifiedSession) -> Result<KnownSession, Denial> {
        let evidence = Arc::new(SharedFacts::new(self.facts(issuer, session.claims().clone())?));
        Ok(KnownSession { session: Arc::new(session), evidence })
    }

    /// The identity of the caller. `token` is the session token. If the session serves one client alone, the caller has to be the
    /// client that began it.
    pub fn identify_session(
        &self,
        known: KnownSession,
        expected: &Expected,
        token: Secret,
        [began, presenter]: [&Client; 2],
        now: UnixTime,
    ) -> Result<Identity, Denial> {
        let KnownSession { session, evidence } = known;
        let session_age = session.check(expected, now)?;
        let one_client = self.serves_one_client(expected) || session.outlives_token();
        let remembered_until = session.token_expires_at().plus(expected.session_max.unwrap_or_default());
        if one_client && began != presenter {
            let first = FirstUse { client: session.client().to_string(), decision: session.id().to_string() };
            return Err(Reason::SessionRefused
                .with_cause(format!("it was given to {began}, and is shown by {presenter}"))
                .after(first));
        }
        let replay = if self.replay() == ReplayRule::PerJob { ReplayRule::PerJob } else { ReplayRule::PerClient };
        Ok(Identity { evidence, proof: Proof::Session(session, token), replay, one_client, remembered_until, session_age })
    }
}
