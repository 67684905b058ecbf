//! Lists what an identity may have. Only names: each is decided like a use.

use super::answer::Refused;
use super::session::within_session;
use super::story::{Call, Story};
use super::{Shown, identify};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::Target;
use crate::policy::{Grant, Request};
use crate::words::Denial;
use crate::words::names::PolicyName;

/// Who lists, and under which revision.
pub(super) struct Looker<'a> {
    app: &'a App,
    pub(super) live: &'a Live,
    identity: &'a Identity,
    policy: Option<PolicyName>,
}

/// Proves who asks, and lets `see` list. Nothing is used up.
pub(super) async fn look<T>(
    app: &App,
    call: Call,
    shown: Shown,
    policy: Option<PolicyName>,
    see: impl FnOnce(&Looker<'_>) -> Result<T, Denial>,
) -> Result<T, Refused> {
    let mut story = Story::begin(&call);
    let seen = async {
        let identity = identify(app, call, shown, &mut story).await?;
        let request = Request::nothing(policy);
        story.identified(&identity, &request);
        let policy = within_session(&identity, request)?.policy;
        let live = app.in_force()?;
        // An identity that no policy is for costs no decisions: anybody can get a token of a shared issuer.
        live.policies()?.admit(&identity, policy.as_ref(), app.now()).map(drop)?;
        see(&Looker { app, live: &live, identity: &identity, policy })
    };
    match seen.await {
        Ok(seen) => Ok(seen),
        Err(denial) => Err(story.refuse(app, denial).await),
    }
}

impl Looker<'_> {
    /// Whether this would be granted now.
    pub(super) fn may(&self, wanted: Target) -> Result<Grant, Denial> {
        let request = Request::one(wanted, self.policy.clone());
        self.app.decide(self.live, self.identity, &request)
    }
}
