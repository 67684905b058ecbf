//! From the grant to the recorded release.

use super::answer::{self, Released};
use super::context::{AuditContext, RECORD_FAILURE, RECORD_RELEASE};
use super::making::{self, NewCredential};
use super::unreleased::Unreleased;
use crate::answers::Document;
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::{AwsKeys, Credential, Listed};
use crate::policy::Grant;
use crate::store::{Answer, AwsSession, IntentOutcome, Licensed, LocalGrant, Outcome, Recorded, RequestRecord, StillGranted};
use crate::words::{CanonicalValue, Denial, Digest};

/// Makes everything that is granted, or nothing, and records it before it leaves.
pub(super) async fn issue_here(
    app: &App,
    local: LocalGrant,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
) -> Result<Released, Denial> {
    let granting = local.grant().granting();
    let made = all(app, local.licences(), live, &mut Unreleased::new(app)).await;
    let decided = made.and_then(|credentials| {
        let later = app.decide_again(local.grant(), identity);
        StillGranted::new(local, later).map(|granted| (granted, credentials)).map_err(|(_, denial)| denial)
    });
    let (granted, credentials) = decided.inspect_err(|denial| app.metrics.decided(&granting, Some(denial.reason)))?;
    let grant = granted.grant();
    let revisions = live.revisions_of(grant.granted());
    let intent = context.intent(app, identity, grant, &revisions);
    let document = answer::document(context.decision(), &grant.policies(), &revisions, credentials);
    let written = answer::write(&document)?;
    let sealed = if intent.is_repeatable() { app.store.seal(&written, identity.secret_part())? } else { Vec::new() };
    let outcome = Outcome { answer: sealed.into(), issued: issued(&document) };
    let step = app.traces.record(RECORD_RELEASE, context.decision());
    match step.ends(app.store.intend_and_release(granted, intent, outcome).await)? {
        IntentOutcome::Recorded(receipt) => {
            app.metrics.released(document.credentials.iter().map(Credential::kind));
            app.metrics.decided(&granting, None);
            Ok(Released::new(document.into(), written, identity, receipt))
        }
        IntentOutcome::Repeat(repeat) => answer::repeat(app, repeat, identity),
        IntentOutcome::Replayed(why) => Err(answer::replayed(why)),
    }
}

/// Issues everything whose intent is recorded, or nothing: one credential that fails fails the request, and is recorded as that.
pub(super) async fn issue(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
) -> Result<Released, Denial> {
    let mut unreleased = Unreleased::new(app);
    let made = all(app, grant.licences(), live, &mut unreleased).await;
    let made = made.and_then(|credentials| Ok((credentials, unreleased.kept(app, context.decision())?)));
    let (granted, (credentials, kept)) = decided_again(app, grant, identity, context, made).await?;
    let grant = granted.grant();
    let (granting, revisions) = (grant.granting(), live.revisions_of(grant.granted()));
    let document = answer::document(context.decision(), &grant.policies(), &revisions, credentials);
    let written = answer::write(&document)?;
    let sealed = app.store.seal(&written, identity.secret_part())?;
    let answer = Answer { sealed, sessions: document.credentials.iter().filter_map(session).collect(), kept };
    let record = Box::new(RequestRecord { issued: Some(issued(&document)), ..context.record_of(grant) });
    let receipt = app.traces.record(RECORD_RELEASE, context.decision()).ends(app.store.release(granted, answer, record).await)?;
    unreleased.release();
    app.metrics.released(document.credentials.iter().map(Credential::kind));
    app.metrics.decided(&granting, None);
    Ok(Released::new(document.into(), written, identity, receipt))
}

/// Goes on with what was made if it is still granted, on the same terms. Otherwise, and if nothing was made, records the failure.
pub(super) async fn decided_again<T>(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    context: &AuditContext,
    made: Result<T, Denial>,
) -> Result<(StillGranted<Recorded<Grant>>, T), Denial> {
    let (grant, denial) = match made {
        Ok(made) => {
            let later = app.decide_again(grant.grant(), identity);
            match StillGranted::new(grant, later) {
                Ok(granted) => return Ok((granted, made)),
                Err(refused) => refused,
            }
        }
        Err(denial) => (grant, denial),
    };
    Err(failed(app, grant, context, denial).await)
}

/// Records that nothing was released, and returns why: the denial, or that the record could not be written.
pub(super) async fn failed(app: &App, grant: Recorded<Grant>, context: &AuditContext, denial: Denial) -> Denial {
    app.metrics.decided(&grant.grant().granting(), Some(denial.reason));
    let record = context.failure(&denial);
    let recorded = app.traces.record(RECORD_FAILURE, context.decision()).ends(app.store.fail(grant, record).await);
    recorded.err().unwrap_or(denial)
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
    unreleased: &mut Unreleased,
) -> Result<Vec<Credential>, Denial> {
    let mut credentials = Vec::with_capacity(licences.len());
    for licensed in licences {
        let NewCredential { credential, revocable } = making::make(app, live, licensed).await?;
        unreleased.add(revocable);
        credentials.push(credential);
    }
    Ok(credentials)
}
