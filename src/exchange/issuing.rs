//! From the grant to the recorded release.

use super::answer::{self, Released};
use super::context::{AuditContext, RECORD_FAILURE, RECORD_RELEASE};
use super::making;
use crate::answers::Document;
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::{AwsKeys, Credential, Listed};
use crate::policy::{Grant, Request};
use crate::store::{Answer, AwsSession, IntentOutcome, Licensed, LocalGrant, Outcome, Recorded, RequestRecord};
use crate::words::{CanonicalValue, Denial, Digest};

/// Makes everything that is granted, or nothing, and records it before it leaves.
pub(super) async fn issue_here(
    app: &App,
    local: LocalGrant,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
) -> Result<Released, Denial> {
    let grant = local.grant();
    let granting = grant.granting();
    let credentials = all(app, local.licences(), live).await;
    let credentials = credentials.inspect_err(|denial| app.metrics.decided(&granting, Some(denial.reason)))?;
    let revisions = live.revisions_of(grant.granted());
    let intent = context.intent(app, identity, grant, &revisions);
    let document = answer::document(context.decision(), &grant.policies(), &revisions, credentials);
    let written = answer::write(&document)?;
    let sealed = if intent.is_repeatable() { app.store.seal(&written, identity.secret_part())? } else { Vec::new() };
    let outcome = Outcome { answer: sealed.into(), issued: issued(&document) };
    let step = app.traces.record(RECORD_RELEASE, context.decision());
    match step.ends(app.store.intend_and_release(local, intent, outcome).await)? {
        IntentOutcome::Recorded(receipt) => {
            app.metrics.released(document.credentials.iter().map(Credential::kind));
            app.metrics.decided(&granting, None);
            Ok(Released::new(document.into(), written, identity, receipt))
        }
        IntentOutcome::Repeat(repeat) => answer::repeat(app, repeat, identity),
        IntentOutcome::Replayed(why) => Err(answer::replayed(why)),
    }
}

/// Issues everything whose intent is recorded, or nothing: one credential that fails fails the request, and is recorded as that. A
/// provider may take seconds: what was denied meanwhile, or taken out of Git, is not released.
pub(super) async fn issue(
    app: &App,
    grant: Recorded<Grant>,
    request: &Request,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
) -> Result<Released, Denial> {
    let granting = grant.grant().granting();
    let is_granted_still = || app.in_force().and_then(|live| app.decide(&live, identity, request)).map(drop);
    let made = all(app, grant.licences(), live).await;
    let credentials = match made.and_then(|credentials| is_granted_still().map(|()| credentials)) {
        Ok(credentials) => credentials,
        Err(denial) => {
            app.metrics.decided(&granting, Some(denial.reason));
            app.traces.record(RECORD_FAILURE, context.decision()).ends(app.store.fail(grant, context.failure(&denial)).await)?;
            return Err(denial);
        }
    };
    let revisions = live.revisions_of(grant.grant().granted());
    let document = answer::document(context.decision(), &grant.grant().policies(), &revisions, credentials);
    let written = answer::write(&document)?;
    let sealed = app.store.seal(&written, identity.secret_part())?;
    let answer = Answer { sealed, sessions: document.credentials.iter().filter_map(session).collect() };
    let record = RequestRecord { issued: Some(issued(&document)), ..context.record_of(grant.grant()) };
    let receipt = app.traces.record(RECORD_RELEASE, context.decision()).ends(app.store.release(grant, answer, record).await)?;
    app.metrics.released(document.credentials.iter().map(Credential::kind));
    app.metrics.decided(&granting, None);
    Ok(Released::new(document.into(), written, identity, receipt))
}

/// What the record of a release says of the credentials.
fn issued(document: &Document) -> Vec<CanonicalValue> {
    document.credentials.iter().map(|credential| credential.describe().into()).collect()
}

/// What identifies the holder of an AWS session later.
fn session(credential: &Credential) -> Option<AwsSession> {
    let keys = AwsKeys::of(credential)?;
    let (token, session) = (Digest::plain(keys.session_token.expose()), &keys.session);
    Some(AwsSession { token, arn: session.arn.clone(), id: session.id.clone(), expires_at: keys.expires_at })
}

/// Makes all credentials, up to the first one that fails.
async fn all<'a>(
    app: &App,
    licences: impl ExactSizeIterator<Item = Licensed<'a>>,
    live: &Live,
) -> Result<Vec<Credential>, Denial> {
    let mut credentials = Vec::with_capacity(licences.len());
    for licensed in licences {
        credentials.push(making::make(app, live, licensed).await?);
    }
    Ok(credentials)
}
