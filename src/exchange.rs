//! Read this first: how a job's token becomes credentials, in one chain of proofs.
//!
//! Each step takes by value the proof that only the step before it can make. Code that skips, repeats or reorders a step does not
//! compile, and nothing is issued without a record.

mod answer;
mod audit;
mod body;
mod context;
mod daypass;
mod deny;
mod dry_run;
mod file_key;
mod issuing;
mod list;
mod making;
mod replay;
mod request;
mod rewrite;
mod secret;
mod secret_status;
mod session;
mod transit;
mod unreleased;
mod usage;
mod uses;
mod watch;

pub use answer::{Bearer, RecordedRefusal, Released};
pub use audit::{AuditQuery, RECORDS_MAX, SEQ_MAX};
pub use context::RequestContext;
pub use replay::replay_since;
pub use request::ExchangeRequest;
pub use rewrite::REWRITTEN_MAX;
#[cfg(any(test, fuzzing))]
pub(crate) use rewrite::read_rewrite;
pub use secret::{document, documents};
pub use session::{end_session, login, look_at_session};
pub use transit::{Input, transit_versions};
pub use watch::{Watch, watch};

use crate::answers::Whoami;
use crate::app::App;
use crate::identity::Identity;
use crate::issuers::Issuer;
use crate::store::IntentOutcome;
use crate::token::{RawToken, SignedToken, verify_signed};
use crate::words::Denial;
use context::{AuditContext, RECORD_INTENT};

/// The kind of a call's token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// The job's own.
    Token,
    /// A session's. A login with the job's own token began the session.
    Session,
}

/// Exchanges the job's token for the requested credentials. Only the two types of the result can become an answer.
pub async fn exchange(app: &App, call: RequestContext, request: ExchangeRequest) -> Result<Released, RecordedRefusal> {
    exchange_with(app, call, TokenKind::Token, request).await
}

/// Like [`exchange`], for a token of either kind.
pub async fn exchange_with(
    app: &App,
    call: RequestContext,
    kind: TokenKind,
    request: ExchangeRequest,
) -> Result<Released, RecordedRefusal> {
    let (mut context, client) = (AuditContext::begin(&call).dry(request.is_dry_run()), call.client);
    match run(app, call, kind, request, &mut context).await {
        Ok(released) => {
            app.clients.note_served(client);
            Ok(released)
        }
        Err(denial) => Err(context.refuse(app, denial).await),
    }
}

async fn run(
    app: &App,
    call: RequestContext,
    kind: TokenKind,
    request: ExchangeRequest,
    context: &mut AuditContext,
) -> Result<Released, Denial> {
    let client = call.client;
    let identity = identify(app, call, kind, context).await?;
    app.clients.note_identity(client, &identity);
    context.identified(&identity, request.request());
    request.check_proof(&identity)?;
    let request = request.within_session(&identity)?;
    let live = app.in_force()?;
    context.decided_under(&live);
    let request = request.found(app, &live, &identity, context)?;
    let grant = app.decide(&live, &identity, request.request())?;
    context.granted(&grant, &live);
    if request.is_dry_run() {
        return Box::pin(dry_run::answer(app, (&grant, request.request()), &identity, &live, context)).await;
    }
    let grant = match request.locally_issued(grant, context) {
        Ok(local) => return issuing::issue_here(app, local, &identity, &live, context).await,
        Err(grant) => grant,
    };
    let intent = context.intent(app, &identity, &grant, &live.revisions_of(grant.granted()));
    match app.traces.record(RECORD_INTENT, context.decision()).ends(app.store.intend(grant, intent).await)? {
        // Boxed, like the fetch of an issuer's keys: the future is large and rare, and would enlarge that of every request.
        IntentOutcome::Recorded(grant) => Box::pin(request.perform(app, grant, &identity, &live, context)).await,
        IntentOutcome::Repeat(repeat) => answer::repeat(app, repeat, &identity),
        IntentOutcome::Replayed(why) => Err(answer::replayed(why)),
    }
}

/// From the bytes to the identity: the first half of every request. If it fails, the record still names the token's issuer.
async fn identify(app: &App, call: RequestContext, kind: TokenKind, context: &mut AuditContext) -> Result<Identity, Denial> {
    if kind == TokenKind::Session {
        return session::resume(app, call, context).await;
    }
    let raw = RawToken::parse(call.token?)?;
    let issuer = app.issuers.choose(&raw).inspect_err(|_| context.claims_issuer(app.issuers.claimed(&raw)))?;
    let signed = Box::pin(signed(raw, &issuer)).await.inspect_err(|_| context.claims_issuer(Some(&issuer.name)))?;
    let token = signed.verify(call.proof.as_ref(), app.now());
    let identity = token.and_then(|token| issuer.mapping.identify(&issuer.name, &issuer.expected, token));
    identity.inspect_err(|_| context.has_issuer(&issuer.name))
}

async fn signed(raw: RawToken, issuer: &Issuer) -> Result<SignedToken<'_>, Denial> {
    let keys = issuer.keys(&raw).await?;
    verify_signed(raw, &keys, &issuer.expected)
}

/// What the server reads in a token. It counts as no use, and releases nothing.
pub async fn whoami(app: &App, call: RequestContext) -> Result<Whoami, RecordedRefusal> {
    let mut context = AuditContext::begin(&call);
    match identify(app, call, TokenKind::Token, &mut context).await {
        Ok(identity) => Ok(Whoami {
            issuer: identity.facts().issuer.clone(),
            attributes: identity.facts().attributes_map(),
            claims: identity.facts().claims.as_map().clone(),
            expires_at: identity.token_expires_at(),
        }),
        Err(denial) => Err(context.refuse(app, denial).await),
    }
}

/// Refuses a request that could not be read, and records the refusal.
pub async fn refuse(app: &App, call: &RequestContext, denial: Denial) -> RecordedRefusal {
    AuditContext::begin(call).refuse(app, denial).await
}
