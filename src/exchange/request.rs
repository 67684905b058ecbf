//! What a request asks for: credentials, which are issued, or a use of daypass itself, which is answered.

use super::audit::{self, AuditQuery};
use super::body::Body;
use super::deny;
use super::{AuditContext, Input, Released, file_key, issuing, replay, rewrite, secret_status, session, transit};
use crate::app::{App, FilesAsked, Live};
use crate::identity::Identity;
use crate::policy::{DenyRequest, Grant, Request};
use crate::store::{LocalGrant, Recorded};
use crate::token::VerifiedProof;
use crate::words::names::{PolicyName, TransitKey};
use crate::words::{Denial, Digest, Reason, Secret};
use std::sync::Arc;

/// One request, and what becomes of it once it is granted.
pub struct ExchangeRequest {
    request: Request,
    work: Work,
}

/// What is done once the request is granted.
pub(super) enum Work {
    Issue,
    FindFileKey(Vec<Digest>),
    Replay(Body),
    Audit(AuditQuery),
    Rewrite(Body),
    SecretStatus(FilesAsked),
    Deny(DenyRequest),
    Transit(Input),
}

impl ExchangeRequest {
    /// Asks for credentials.
    pub const fn credentials(request: Request) -> Self {
        Self { request, work: Work::Issue }
    }

    /// Asks for the file key of whichever document in force has a header of these stanzas.
    pub fn file_key(stanzas: Vec<Digest>, policy: Option<PolicyName>) -> Self {
        Self { request: Request::nothing(policy), work: Work::FindFileKey(stanzas) }
    }

    /// Asks for something that is used on this server, and for what is done with it.
    pub(super) const fn to_use(request: Request, work: Work) -> Self {
        Self { request, work }
    }

    /// Asks for an operation by a transit key.
    pub fn transit(key: TransitKey, input: Input, token: &Secret, policy: Option<PolicyName>) -> Self {
        Self { request: transit::request(key, &input, token, policy), work: Work::Transit(input) }
    }

    /// Restricts the request to the policy of the caller's session, if it has one.
    pub(super) fn within_session(self, identity: &Identity) -> Result<Self, Denial> {
        Ok(Self { request: session::within_session(identity, self.request)?, ..self })
    }

    /// Resolves a content-addressed request in the active revision.
    pub(super) fn found(self, app: &App, live: &Live, identity: &Identity, context: &mut AuditContext) -> Result<Self, Denial> {
        match &self.work {
            Work::FindFileKey(stanzas) => {
                file_key::find(app, live, identity, stanzas, &self.request, context).map(Self::credentials)
            }
            _ => Ok(self),
        }
    }

    /// Refuses a proof that covers a body if no later step compares the two.
    pub(super) fn check_proof(&self, identity: &Identity) -> Result<(), Denial> {
        match self.work {
            Work::Replay(_) | Work::Rewrite(_) => Ok(()),
            _ if identity.proven().is_some_and(VerifiedProof::awaits_body) => {
                Err(Reason::Internal.with_cause("a body that a proof covers was not read"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is a dry run.
    pub(super) const fn is_dry_run(&self) -> bool {
        self.request.dry_run
    }

    /// What the policies decide on.
    pub(super) const fn request(&self) -> &Request {
        &self.request
    }

    /// The grant as one that the server can issue without a provider; the grant itself if it cannot.
    pub(super) fn locally_issued(&self, grant: Grant, context: &AuditContext) -> Result<LocalGrant, Grant> {
        if matches!(self.work, Work::Issue) { LocalGrant::of(grant, context.decision()) } else { Err(grant) }
    }

    /// From the recorded grant to the recorded release.
    pub(super) async fn perform(
        self,
        app: &App,
        grant: Recorded<Grant>,
        identity: &Identity,
        live: &Arc<Live>,
        context: &AuditContext,
    ) -> Result<Released, Denial> {
        match self.work {
            Work::Issue => issuing::issue(app, grant, identity, live, context).await,
            Work::FindFileKey(_) => {
                let denial = Reason::Internal.with_cause("a file key was granted before its document was found");
                Err(issuing::failed(app, grant, context, denial).await)
            }
            Work::Replay(body) => replay::answer(app, grant, identity, live, context, body).await,
            Work::Audit(query) => audit::answer(app, grant, identity, live, context, query).await,
            Work::Rewrite(body) => rewrite::answer(app, grant, identity, live, context, body).await,
            Work::SecretStatus(requested) => secret_status::answer(app, grant, identity, live, context, requested).await,
            Work::Deny(request) => deny::answer(app, grant, identity, live, context, request).await,
            Work::Transit(input) => transit::answer(app, grant, identity, live, context, input).await,
        }
    }
}
