//! The correct order of steps compiles, which shows that the other proofs fail for their stated reason and not for their surroundings.
use daypass::identity::{Facts, Identity};
use daypass::issue::Aws;
use daypass::policy::{Grant, PolicySet, Request, LiveChecks};
use daypass::store::{IntentOutcome, Intent, Licensed, Released, StillGranted, Store};
use daypass::words::{Denial, UnixTime};

pub fn decide(set: &PolicySet, identity: &Identity, request: &Request, standing: &LiveChecks<'_>, now: UnixTime) -> Result<Grant, Denial> {
    set.decide(identity, request, now)?.stands(standing, identity.facts())
}

pub fn facts(identity: &Identity) -> &Facts {
    identity.facts()
}

pub async fn issue(
    store: &Store,
    aws: &Aws,
    grant: Grant,
    intent: Intent,
    later: Result<Grant, Denial>,
    now: UnixTime,
) -> Result<Option<Released>, Denial> {
    let IntentOutcome::Recorded(recorded) = store.intend(grant, intent).await? else { return Ok(None) };
    for licensed in recorded.licences() {
        if let Licensed::Aws(licence) = licensed {
            aws.issue(&licence, now).await?;
        }
    }
    let granted = StillGranted::new(recorded, later).map_err(|(_, denial)| denial)?;
    store.release(granted, Vec::new(), daypass::store::RequestRecord::default()).await.map(Some)
}
