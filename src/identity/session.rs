//! The second maker of an [`Identity`]: a session that only this server can have sealed.
//!
//! The first maker reads a token whose signature was just verified. Here there is none: a client of the Vault API shows its token
//! once and then a session token. Why that may stand for it:
//!
//! - `VerifiedSession` has one maker, which opens an authenticated ciphertext; and what is sealed is made from a `VerifiedToken`.
//!   So the claims are those of a token that was verified here, byte for byte.
//! - It says who, not what. The claims are read by the mapping of today, and every use is decided at the revision in force, so
//!   that a policy, a guardrail or an operator's denial of a minute ago counts.
//! - It lives no longer than its token does, and the issuer's configuration of today has to take that token still.
//! - It carries by what the replay check knows its token, so that `replay: once` means the token, with a session or without.
//! - It was given to one client. Where a token may be used by one client only, the session may too, and what either of them had
//!   of a credential the other client does not get. Where anybody who holds a token may show it again, so may the session be.
//!
//! See docs/decisions/0010.

use super::{Identity, Mapping, Proof, ReplayRule};
use crate::token::{Expected, VerifiedSession};
use crate::words::names::IssuerName;
use crate::words::{Denial, Reason, UnixTime};
use std::net::IpAddr;

impl Mapping {
    /// Reads an opened session, shown by this client.
    pub fn identify_session(
        &self,
        issuer: &IssuerName,
        expected: &Expected,
        session: VerifiedSession,
        client: IpAddr,
        now: UnixTime,
    ) -> Result<Identity, Denial> {
        session.check(expected, now)?;
        let replay = if self.replay() == ReplayRule::PerJob { ReplayRule::PerJob } else { ReplayRule::PerClient };
        if replay == ReplayRule::PerClient && client != session.client() {
            return Err(Reason::SessionRefused.because(format!("it was given to {}, and is shown by {client}", session.client())));
        }
        let facts = self.facts(issuer, session.claims().clone())?;
        Ok(Identity { facts, proof: Proof::Session(session), replay })
    }
}
