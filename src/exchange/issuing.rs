//! From the grant to the recorded release: the only place that reaches a cloud, signs, or decrypts.

use super::answer::{self, Released};
use super::story::Story;
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::issue::Credential;
use crate::policy::{Grant, Granted, Terms};
use crate::store::{Answer, AwsSession, Intended, Outcome, Recorded};
use crate::words::{Denial, Digest, Reason};
use serde_json::Value;

/// Whether nobody outside is needed for what is granted: then its intent and its outcome are one record, made before it leaves.
pub(super) fn is_made_here(grant: &Grant) -> bool {
    grant.granted().iter().all(|granted| match granted.terms {
        Terms::IdToken(_) | Terms::Secret(_) | Terms::SecretAt(..) | Terms::FileKey(_) => true,
        Terms::Aws(_) | Terms::Transit(_) | Terms::Daypass(_) => false,
    })
}

/// Makes everything that is granted, or nothing, and records it before it leaves.
pub(super) async fn issue_here(
    app: &App,
    grant: Grant,
    identity: &Identity,
    live: &Live,
    story: &Story,
) -> Result<Released, Denial> {
    let mut credentials = Vec::with_capacity(grant.granted().len());
    for granted in grant.granted() {
        credentials.push(one(app, granted, live, story).await?);
    }
    let revisions = live.revisions_of(grant.granted());
    let document = answer::document(story.decision(), &grant.policies(), &revisions, &credentials)?;
    let intent = story.intent(app, identity, &grant, &revisions);
    let sealed = if intent.is_repeatable() { app.store.seal(&document, identity.expose())? } else { Vec::new() };
    let outcome = Outcome { answer: sealed.into(), record: issued(&credentials) };
    match app.store.intend_and_release(intent, outcome).await? {
        Intended::Recorded(receipt) => {
            app.metrics.released(&credentials);
            Ok(Released::new(document, identity, receipt))
        }
        Intended::Repeat(repeat) => answer::repeat(app, repeat, identity),
        Intended::Replayed(why) => Err(answer::replayed(why)),
    }
}

/// Issues everything whose intent is recorded, or nothing: one credential that fails fails the request, and is recorded as that.
pub(super) async fn issue(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Live,
    story: &Story,
) -> Result<Released, Denial> {
    let mut credentials = Vec::with_capacity(grant.grant().granted().len());
    for granted in grant.grant().granted() {
        match one(app, granted, live, story).await {
            Ok(credential) => credentials.push(credential),
            Err(denial) => {
                app.store.fail(grant, story.failure(&denial)).await?;
                return Err(denial);
            }
        }
    }
    let (policies, revisions) = (grant.grant().policies(), live.revisions_of(grant.grant().granted()));
    let document = answer::document(story.decision(), &policies, &revisions, &credentials)?;
    let sealed = app.store.seal(&document, identity.expose())?;
    let answer = Answer { sealed, sessions: credentials.iter().filter_map(session).collect() };
    let mut body = story.body();
    body.set("policies", policies);
    let (name, told) = issued(&credentials);
    body.set(name, told);
    let receipt = app.store.release(grant, answer, body).await?;
    app.metrics.released(&credentials);
    Ok(Released::new(document, identity, receipt))
}

/// What the record of a release says of them.
fn issued(credentials: &[Credential]) -> (&'static str, Value) {
    ("issued", credentials.iter().map(Credential::describe).collect())
}

/// By what the holder of an AWS session is known again.
fn session(credential: &Credential) -> Option<AwsSession> {
    let Credential::Aws(aws) = credential else { return None };
    let token = Digest::plain(aws.session_token.expose());
    Some(AwsSession { token, arn: aws.session_arn.clone(), id: aws.session_id.clone(), expires_at: aws.expires_at })
}

async fn one(app: &App, granted: &Granted, live: &Live, story: &Story) -> Result<Credential, Denial> {
    match &granted.terms {
        // What waits for somebody outside has a large future, which every request would carry about: it is made where it is needed.
        Terms::Aws(terms) => {
            let (aws, subject, now) = (app.aws()?, granted.subject(), app.now());
            Box::pin(aws.issue(terms, &subject, story.decision(), now)).await.map(Credential::Aws)
        }
        Terms::IdToken(terms) => {
            app.own_issuers.id_tokens().id_token(terms, &granted.subject(), story.decision(), app.now()).map(Credential::IdToken)
        }
        Terms::Secret(terms) => live.open_secret(granted, terms).map(Credential::Secret),
        Terms::SecretAt(terms, Some(commit)) => {
            Box::pin(app.open_past_secret(live, granted, terms, commit)).await.map(Credential::SecretAt)
        }
        Terms::SecretAt(_, None) => Err(Reason::Internal.because("a secret of the past without its commit")),
        Terms::Transit(wanted) => Err(Reason::BadRequest.because(format!("`{wanted}` is used here, and never handed out"))),
        Terms::FileKey(terms) => live.file_key(&granted.source, terms).map(Credential::FileKey),
        Terms::Daypass(permission) => {
            Err(Reason::BadRequest.because(format!("`{permission}` is used here, and never handed out")))
        }
    }
}
