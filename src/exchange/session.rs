//! Sessions: a login proves an identity once, and every use of its session is decided again. See docs/decisions/0010.

use super::answer::{self, RecordedRefusal, Released};
use super::context::{AuditContext, RECORD_FAILURE, RECORD_INTENT, RECORD_RELEASE, RequestContext};
use super::{TokenKind, identify};
use crate::answers::{Answer, Session};
use crate::app::App;
use crate::identity::Identity;
use crate::issuers::Issuer;
use crate::policy::{Admission, Request};
use crate::store::{IntentOutcome, Recorded, RequestRecord, SessionRecord};
use crate::token::{Beginning, VerifiedSession};
use crate::words::names::PolicyName;
use crate::words::{Denial, Reason};
use std::sync::Arc;

/// Begins a session for an identity that some policy is for. If the login names a policy, the session is for that policy alone. A
/// login is a use of the token like that for a credential: its intent and its release are recorded, it is repeated to the same
/// client within a minute, and refused later.
pub async fn login(app: &App, call: RequestContext, policy: Option<PolicyName>) -> Result<Released, RecordedRefusal> {
    let mut context = AuditContext::begin(&call);
    match begin(app, call, policy, &mut context).await {
        Ok(released) => Ok(released),
        Err(denial) => Err(context.refuse(app, denial).await),
    }
}

async fn begin(
    app: &App,
    call: RequestContext,
    policy: Option<PolicyName>,
    context: &mut AuditContext,
) -> Result<Released, Denial> {
    let client = call.client;
    let identity = identify(app, call, TokenKind::Token, context).await?;
    context.logs_in(&identity, policy.as_ref());
    let live = app.in_force()?;
    context.decided_under(&live);
    let admission = live.policies()?.admit(&identity, policy.as_ref(), app.now())?;
    if admission.policy() != policy.as_ref() {
        context.logs_in(&identity, admission.policy());
        context.decided_under(&live);
    }
    context.admitted(admission.policy());
    let intent = context.intent_to_log_in(app, &identity, &live.revisions_of_login(admission.policy()));
    match app.traces.record(RECORD_INTENT, context.decision()).ends(app.store.intend(admission, intent).await)? {
        IntentOutcome::Recorded(admission) => {
            let beginning = Beginning {
                id: context.decision().clone(),
                issuer: identity.facts().issuer.clone(),
                client,
                policy: admission.grant().policy().cloned(),
                lasting: admission.grant().session(),
                now: app.now(),
            };
            seal(app, admission, &identity, beginning, context).await
        }
        IntentOutcome::Repeat(repeat) => answer::repeat(app, repeat, &identity),
        IntentOutcome::Replayed(why) => Err(answer::replayed(why)),
    }
}

async fn seal(
    app: &App,
    admission: Recorded<Admission>,
    identity: &Identity,
    beginning: Beginning,
    context: &AuditContext,
) -> Result<Released, Denial> {
    let missing = || Reason::Internal.with_cause("a login by something that is no token of a configured issuer");
    let begun = match (identity.token(), app.issuers.named(&beginning.issuer)) {
        (Some(token), Some(issuer)) => app.sessions.begin(token, &issuer.expected, beginning),
        _ => Err(missing()),
    };
    let (session, expires_at) = match begun {
        Ok(begun) => begun,
        Err(denial) => {
            app.traces
                .record(RECORD_FAILURE, context.decision())
                .ends(app.store.fail(admission, context.failure(&denial)).await)?;
            return Err(denial);
        }
    };
    let policy = admission.grant().policy();
    let begun = Session {
        decision_id: context.decision().clone(),
        expires_at,
        issuer: identity.facts().issuer.clone(),
        policy: policy.cloned(),
        session_token: session,
    };
    let written = answer::write(&begun)?;
    let session = SessionRecord { expires_at: Some(expires_at), policy: policy.cloned() };
    let policies = policy.into_iter().cloned().collect();
    let record = Box::new(RequestRecord { policies: Some(policies), session: Some(session), ..context.record() });
    let sealed = app.store.seal(&written, identity.secret_part())?;
    let receipt =
        app.traces.record(RECORD_RELEASE, context.decision()).ends(app.store.begin_session(admission, sealed, record).await)?;
    Ok(Released::new(Answer::Session(begun), written, identity, receipt))
}

/// From a session token to the identity: the session opens, nobody ended it, and today's configuration has its issuer.
pub(super) async fn resume(app: &App, call: RequestContext, context: &mut AuditContext) -> Result<Identity, Denial> {
    let token = call.token?;
    let known = app.sessions.open(&token, |session| {
        // The server sealed the session, so its issuer is verified.
        context.has_issuer(session.issuer());
        let issuer = issuer_of(app, &session)?;
        issuer.mapping.read_session(&issuer.name, session)
    })?;
    context.has_issuer(known.session().issuer());
    app.check_stands(known.session())?;
    let issuer = issuer_of(app, known.session())?;
    if let Some(key) = known.session().signed_by() {
        // Boxed: the future that fetches an issuer's keys is large and rarely needed.
        let is_current = Box::pin(issuer.has_key(&key)).await?;
        if !is_current {
            return Err(Reason::SessionRefused.with_cause("the key that signed its token is none of its issuer's any more"));
        }
    }
    let clients = [known.session().client(), call.client].map(|address| app.egress.client(address));
    issuer.mapping.identify_session(known, &issuer.expected, token, clients.each_ref(), app.now())
}

fn issuer_of(app: &App, session: &VerifiedSession) -> Result<Arc<Issuer>, Denial> {
    let issuer = app.issuers.named(session.issuer());
    issuer.ok_or_else(|| Reason::SessionRefused.with_cause("its issuer is not configured any more"))
}

/// Describes a session to its holder. `describe` gets the session and its token. Nothing is used up.
pub async fn look_at_session<T>(
    app: &App,
    call: RequestContext,
    describe: impl FnOnce(&VerifiedSession, &[u8]) -> T,
) -> Result<T, RecordedRefusal> {
    let mut context = AuditContext::begin(&call);
    let looked = resume(app, call, &mut context).await;
    let missing = || Reason::SessionRefused.with_cause("no session");
    match looked
        .and_then(|identity| identity.session().map(|session| describe(session, identity.secret_part())).ok_or_else(missing))
    {
        Ok(description) => Ok(description),
        Err(denial) => Err(context.refuse(app, denial).await),
    }
}

/// Ends the caller's session durably: no use of it is granted from now on.
pub async fn end_session(app: &App, call: RequestContext) -> Result<(), RecordedRefusal> {
    let mut context = AuditContext::begin(&call);
    let ended = async {
        let identity = resume(app, call, &mut context).await?;
        let session = identity.session().ok_or_else(|| Reason::SessionRefused.with_cause("no session"))?;
        let (reason, subject) = (Some("its client ended it".into()), Some(identity.subject().to_owned()));
        app.store.end_session(session.id(), RequestRecord { reason, subject, ..RequestRecord::default() }).await
    };
    match ended.await {
        Ok(()) => Ok(()),
        Err(denial) => Err(context.refuse(app, denial).await),
    }
}

/// Restricts a request to the policy of its session. A request that names another policy is refused.
pub(super) fn within_session(identity: &Identity, request: Request) -> Result<Request, Denial> {
    match (identity.session().and_then(VerifiedSession::policy), &request.policy) {
        (Some(bound), Some(named)) if bound != named => {
            Err(Reason::NoMatchingPolicy.with_cause(format!("the session is for {bound} alone, and asks for {named}")))
        }
        (Some(bound), _) => Ok(Request { policy: Some(bound.clone()), ..request }),
        (None, _) => Ok(request),
    }
}
