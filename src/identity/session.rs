//! The second maker of an [`Identity`]: a session that only this server can have sealed.
//!
//! The first maker reads a token whose signature was just verified. Here there is none: a client of the Vault API shows its token
//! once and then a session token. Why that may stand for it:
//!
//! - `VerifiedSession` has one maker, which opens an authenticated ciphertext; and what is sealed is made from a `VerifiedToken`.
//!   So the claims are those of a token that was verified here, byte for byte.
//! - It says who, not what. The claims are read by the mapping of today, and every use is decided at the revision in force, so
//!   that a policy, a guardrail or an operator's denial of a minute ago counts.
//! - It lives no longer than its token does, and the issuer's configuration of today has to take that token still. Where issuer
//!   and policy let it last longer, it serves one client alone, its token's key has to be the issuer's still, and after the token's
//!   end it opens secrets and transit keys alone.
//! - It carries by what the replay check knows its token, so that `replay: once` means the token, with a session or without.
//! - It was given to one client. Where a token may be used by one client only, the session may too, and what either of them had
//!   of a credential the other client does not get. Where anybody who holds a token may show it again, so may the session be.
//!
//! See docs/decisions/0010.

use super::{Evidence, Identity, Mapping, Proof, ReplayRule};
use crate::token::{Expected, VerifiedSession};
use crate::words::names::IssuerName;
use crate::words::{Client, Denial, FirstUse, Reason, Secret, UnixTime};
use std::sync::Arc;

/// A session as it was opened and read once: what is the same at every use of it. That it counts now, no copy of this says.
#[derive(Clone)]
pub struct KnownSession {
    session: Arc<VerifiedSession>,
    evidence: Arc<Evidence>,
}

impl KnownSession {
    /// What was sealed.
    pub fn session(&self) -> &VerifiedSession {
        &self.session
    }
}

impl Mapping {
    /// Reads an opened session.
    pub fn read_session(&self, issuer: &IssuerName, session: VerifiedSession) -> Result<KnownSession, Denial> {
        let evidence = Arc::new(Evidence::new(self.facts(issuer, session.claims().clone())?));
        Ok(KnownSession { session: Arc::new(session), evidence })
    }

    /// The identity of whoever shows it now: its token as it was `shown`, by the client that began it, where it serves one alone.
    pub fn identify_session(
        &self,
        known: KnownSession,
        expected: &Expected,
        shown: Secret,
        [began, shows]: [&Client; 2],
        now: UnixTime,
    ) -> Result<Identity, Denial> {
        let KnownSession { session, evidence } = known;
        let session_age = session.check(expected, now)?;
        let one_client = self.serves_one_client(expected) || session.outlives_token();
        let remembered_until = session.token_expires_at().plus(expected.session_max.unwrap_or_default());
        if one_client && began != shows {
            let first = FirstUse { client: session.client().to_string(), decision: session.id().to_string() };
            return Err(Reason::SessionRefused.because(format!("it was given to {began}, and is shown by {shows}")).after(first));
        }
        let replay = if self.replay() == ReplayRule::PerJob { ReplayRule::PerJob } else { ReplayRule::PerClient };
        Ok(Identity { evidence, proof: Proof::Session(session, shown), replay, one_client, remembered_until, session_age })
    }
}
