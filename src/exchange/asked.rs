//! What a request asks for: credentials, which are issued, or a use of daypass itself, which is answered.

use super::audit::{self, AuditQuery};
use super::body::Body;
use super::deny;
use super::story::RECORD_FAILURE;
use super::{Input, Released, Story, file_key, issuing, replay, rewrite, secret_status, session, transit};
use crate::app::{App, FilesAsked, Live};
use crate::identity::Identity;
use crate::kind::{Permission, Target, TransitUse};
use crate::policy::{DenyRequest, Grant, Request};
use crate::store::{MadeHere, Recorded};
use crate::token::Proven;
use crate::words::names::{PolicyName, TransitKey};
use crate::words::{Denial, Digest, Reason, Secret};
use std::sync::Arc;

/// One request, and what becomes of it once it is granted.
pub struct Asked {
    request: Request,
    work: Work,
}

enum Work {
    Issue,
    FindFileKey(Vec<Digest>),
    Replay(Body),
    Audit(AuditQuery),
    Rewrite(Body),
    SecretStatus(FilesAsked),
    Deny(DenyRequest),
    Transit(Input),
}

impl Asked {
    /// Asks for credentials.
    pub const fn credentials(request: Request) -> Self {
        Self { request, work: Work::Issue }
    }

    /// Asks for the file key of whichever document in force has a header of these stanzas.
    pub fn file_key(stanzas: Vec<Digest>, policy: Option<PolicyName>) -> Self {
        Self { request: Request::nothing(policy), work: Work::FindFileKey(stanzas) }
    }

    /// Asks what a candidate revision would have denied. Its body is larger than a token, and is read only after the grant.
    pub fn replay(body: impl Future<Output = Result<Vec<u8>, Denial>> + Send + 'static) -> Self {
        Self::to_use(Permission::PolicyReplay, Work::Replay(Body::new(body)))
    }

    /// Asks for records of the audit log.
    pub fn audit(query: AuditQuery) -> Self {
        Self::to_use(Permission::AuditRead, Work::Audit(query))
    }

    /// Asks for files with other recipients or new data keys. Its body is read only after the grant.
    pub fn rewrite(body: impl Future<Output = Result<Vec<u8>, Denial>> + Send + 'static) -> Self {
        Self::to_use(Permission::SecretRotate, Work::Rewrite(Body::new(body)))
    }

    /// Asks for the state of a source's encrypted files.
    pub fn secret_status(asked: FilesAsked) -> Self {
        Self::to_use(Permission::SecretStatus, Work::SecretStatus(asked))
    }

    /// Asks for the denial that the body describes.
    pub fn deny(body: &[u8]) -> Result<Self, Denial> {
        Ok(Self::to_use(Permission::Deny, Work::Deny(deny::read(body)?)))
    }

    fn to_use(permission: Permission, work: Work) -> Self {
        Self { request: Request::one(Target::Daypass(permission), None), work }
    }

    /// Asks for an operation by a transit key. `token` is the caller's: the input's digest depends on it.
    pub fn transit(key: TransitKey, input: Input, token: &Secret, policy: Option<PolicyName>) -> Self {
        let wanted = TransitUse { operation: input.operation(), key, input: Some(input.digest(token)) };
        Self { request: Request::one(Target::Transit(wanted), policy), work: Work::Transit(input) }
    }

    /// Restricts the request to the policy of the caller's session, if it has one.
    pub(super) fn within_session(self, identity: &Identity) -> Result<Self, Denial> {
        Ok(Self { request: session::within_session(identity, self.request)?, ..self })
    }

    /// Resolves a content-addressed request in the active revision.
    pub(super) fn found(self, app: &App, live: &Live, identity: &Identity, story: &mut Story) -> Result<Self, Denial> {
        match &self.work {
            Work::FindFileKey(stanzas) => {
                file_key::find(app, live, identity, stanzas, &self.request, story).map(Self::credentials)
            }
            _ => Ok(self),
        }
    }

    /// Refuses a proof that covers a body if no later step compares the two.
    pub(super) fn check_proof(&self, identity: &Identity) -> Result<(), Denial> {
        match self.work {
            Work::Replay(_) | Work::Rewrite(_) => Ok(()),
            _ if identity.proven().is_some_and(Proven::awaits_body) => {
                Err(Reason::Internal.because("a body that a proof covers was not read"))
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
    pub(super) fn made_here(&self, grant: Grant, story: &Story) -> Result<MadeHere, Grant> {
        if matches!(self.work, Work::Issue) { MadeHere::of(grant, story.decision()) } else { Err(grant) }
    }

    /// From the recorded grant to the recorded release.
    pub(super) async fn carry_out(
        self,
        app: &App,
        grant: Recorded<Grant>,
        identity: &Identity,
        live: &Arc<Live>,
        story: &Story,
    ) -> Result<Released, Denial> {
        match self.work {
            Work::Issue => issuing::issue(app, grant, identity, live, story).await,
            Work::FindFileKey(_) => {
                let denial = Reason::Internal.because("a file key was granted before its document was found");
                app.traces.record(RECORD_FAILURE, story.decision()).ends(app.store.fail(grant, story.failure(&denial)).await)?;
                Err(denial)
            }
            Work::Replay(body) => replay::answer(app, grant, identity, live, story, body).await,
            Work::Audit(query) => audit::answer(app, grant, identity, live, story, query).await,
            Work::Rewrite(body) => rewrite::answer(app, grant, identity, live, story, body).await,
            Work::SecretStatus(asked) => secret_status::answer(app, grant, identity, live, story, asked).await,
            Work::Deny(request) => deny::answer(app, grant, identity, live, story, request).await,
            Work::Transit(input) => transit::answer(app, grant, identity, live, story, input).await,
        }
    }
}
