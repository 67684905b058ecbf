//! Lists what an identity may have. Only names: each is decided like a use.

use super::answer::RecordedRefusal;
use super::context::{AuditContext, RequestContext};
use super::session::within_session;
use super::{TokenKind, identify};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::Target;
use crate::policy::{Grant, Request};
use crate::words::Denial;
use crate::words::names::PolicyName;

/// Who lists, and under which revision.
pub(super) struct Lister<'a> {
    app: &'a App,
    pub(super) live: &'a Live,
    identity: &'a Identity,
    policy: Option<PolicyName>,
}

/// Proves who asks, and lets `see` list. Nothing is used up.
pub(super) async fn look<T>(
    app: &App,
    call: RequestContext,
    kind: TokenKind,
    policy: Option<PolicyName>,
    see: impl FnOnce(&Lister<'_>) -> Result<T, Denial>,
) -> Result<T, RecordedRefusal> {
    let mut context = AuditContext::begin(&call);
    let outcome = async {
        let identity = identify(app, call, kind, &mut context).await?;
        let request = Request::nothing(policy);
        context.identified(&identity, &request);
        let policy = within_session(&identity, request)?.policy;
        let live = app.in_force()?;
        // An identity that no policy is for costs no decisions: anybody can get a token of a shared issuer.
        live.policies()?.admit(&identity, policy.as_ref(), app.now()).map(drop)?;
        see(&Lister { app, live: &live, identity: &identity, policy })
    };
    match outcome.await {
        Ok(result) => Ok(result),
        Err(denial) => Err(context.refuse(app, denial).await),
    }
}

impl Lister<'_> {
    /// Whether this would be granted now.
    pub(super) fn may(&self, wanted: Target) -> Result<Grant, Denial> {
        let request = Request::one(wanted, self.policy.clone());
        self.app.decide(self.live, self.identity, &request)
    }
}
