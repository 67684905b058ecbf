//! Admits subscribers to changes: any identity that some policy is for. A subscription uses nothing up, and tells only that
//! something changed.

use super::answer::RecordedRefusal;
use super::context::{AuditContext, RequestContext};
use super::{TokenKind, identify};
use crate::app::App;
use crate::policy::{Admission, Request};
use crate::words::{Denial, Reason, UnixTime};

/// An admitted subscriber.
#[must_use]
pub struct Watch<P> {
    /// When its token ends, and the subscription with it.
    pub until: UnixTime,
    /// Its slot among the subscribers.
    pub place: P,
    _admission: Admission,
}

/// Admits a subscriber if `place` finds a free slot for its token's identifier.
pub async fn watch<P>(
    app: &App,
    call: RequestContext,
    place: impl FnOnce([u8; 32]) -> Option<P>,
) -> Result<Watch<P>, RecordedRefusal> {
    let mut context = AuditContext::begin(&call);
    match admit(app, call, place, &mut context).await {
        Ok(watch) => Ok(watch),
        Err(denial) => Err(context.refuse(app, denial).await),
    }
}

async fn admit<P>(
    app: &App,
    call: RequestContext,
    place: impl FnOnce([u8; 32]) -> Option<P>,
    context: &mut AuditContext,
) -> Result<Watch<P>, Denial> {
    let identity = identify(app, call, TokenKind::Token, context).await?;
    context.identified(&identity, &Request::nothing(None));
    let live = app.in_force()?;
    context.decided_under(&live);
    let admission = live.policies()?.admit(&identity, None, app.now())?;
    let full = || Reason::Overloaded.with_cause("too many wait for changes already");
    let place = place(identity.token_identifier()).ok_or_else(full)?;
    Ok(Watch { until: identity.token_expires_at(), place, _admission: admission })
}
