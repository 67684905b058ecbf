//! Decides recorded releases again by a candidate revision, and reports which of them it would have denied.

use super::answer::Released;
use super::body::Body;
use super::context::AuditContext;
use super::usage::{self, UseOutcome};
use crate::answers::{Findings, Outcome};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::{IssuedValues, Target};
use crate::policy::{Catalogue, Grant, NotReplayable, PastDecision, PastUse, Replay, ReplayRequest};
use crate::store::{ReadError, Reader, Recorded, ReleasedDecision, ReplayRecord, RequestRecord, UseRecord};
use crate::token::Claims;
use crate::words::names::SourceName;
use crate::words::{Denial, Digest, Reason, UnixTime};
use serde_json::Value;
use std::fmt::Display;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A replay waits this long for the one before it; together with its own time it is less than a client waits.
const TURN_MAX: Duration = Duration::from_secs(5);
/// Decisions that are decided again: a thousand jobs a day for 90 days.
const DECISIONS_MAX: u64 = 100_000;
/// The longest replay, also where somebody made the candidate slow.
const REPLAY_MAX: Duration = Duration::from_secs(10);

/// Answers with what was found, recorded like a credential.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Arc<Live>,
    context: &AuditContext,
    body: Body,
) -> Result<Released, Denial> {
    let findings = match usage::source(grant.grant()) {
        Ok(source) => run(app, live.clone(), source, (identity, body)).await,
        Err(denial) => Err(denial),
    };
    let outcome = findings.map(|(candidate, findings)| {
        let record = ReplayRecord { candidate, decisions: findings.decisions, denied: findings.denied };
        UseOutcome { record: UseRecord::Replayed(record), outcome: Outcome::Replay(findings), is_repeatable: false }
    });
    usage::answer(app, grant, identity, live, context, outcome).await
}

/// One at a time, so that replays do not use up the server's processors and memory.
async fn run(
    app: &App,
    live: Arc<Live>,
    source: SourceName,
    (identity, body): (&Identity, Body),
) -> Result<(Digest, Findings), Denial> {
    let turn = app.replays.acquire(&source, TURN_MAX).await;
    let _turn = turn.map_err(|_| Reason::Overloaded.with_cause("another replay is under way"))?;
    let bytes = body.read(identity).await?;
    let (catalogue, now) = (app.catalogue().clone(), app.now());
    let reader = app.store.reader().map_err(|fault| Reason::Internal.with_cause(fault))?;
    // The source's commit, and not the granting policy's: the policy may be in force in an older form.
    let in_force = live.source(&source).and_then(|source| source.revision.commit.clone());
    let replayed = tokio::task::spawn_blocking(move || replay(&reader, &bytes, (&live, &source), &catalogue, now)).await;
    let (candidate, findings) = replayed.map_err(|fault| Reason::Internal.with_cause(fault.to_string()))??;
    Ok((candidate, Findings { revision: in_force, ..findings }))
}

/// The candidate's digest, for the audit log, and the findings. It is a candidate for the source whose policy granted the replay.
fn replay(
    reader: &Reader,
    bytes: &[u8],
    (live, source): (&Live, &SourceName),
    catalogue: &Catalogue,
    now: UnixTime,
) -> Result<(Digest, Findings), Denial> {
    let refuse = |reason: Reason, fault: &dyn Display| reason.with_cause(fault).with_detail(fault.to_string());
    let request: ReplayRequest =
        ReplayRequest::parse(bytes).map_err(|fault| refuse(Reason::BadRequest, &format!("The request's body: {fault}.")))?;
    let since = now.minus(request.lookback().map_err(|fault| refuse(Reason::BadRequest, &fault))?);
    let in_force = live.policies()?;
    request.check_size(catalogue).map_err(|fault| refuse(Reason::TooLarge, &fault))?;
    let bounds = live.source(source).map(|source| source.followed.bounds()).unwrap_or_default();
    let candidate = request.candidate(catalogue, in_force, source, bounds);
    let findings = replay_since(reader, since, Replay::new(&candidate, in_force, now), catalogue);
    findings.map(|found| (Digest::plain(bytes), found)).map_err(|fault| Reason::Internal.with_cause(fault))
}

/// Replays the releases since then, the newest first. If a bound ends it, the findings say so.
pub fn replay_since(
    reader: &Reader,
    since: UnixTime,
    mut replay: Replay<'_>,
    catalogue: &Catalogue,
) -> Result<Findings, ReadError> {
    let (started, mut seen) = (Instant::now(), 0);
    reader.released_since(since, |released| {
        if seen == DECISIONS_MAX || started.elapsed() > REPLAY_MAX {
            replay.cut_off(released.at);
            return ControlFlow::Break(());
        }
        seen += 1;
        match past(&released, &mut replay, catalogue) {
            Ok(past) => replay.add(&past),
            Err(why) => replay.leave_out(why),
        }
        ControlFlow::Continue(())
    })?;
    Ok(replay.finish())
}

/// The decision of a record. Its issuer's mapping reads its claims. If these are pruned, its attributes suffice unless a line
/// compares raw claims of that issuer.
fn past(released: &ReleasedDecision, replay: &mut Replay<'_>, catalogue: &Catalogue) -> Result<PastDecision, NotReplayable> {
    let record = released.record.as_ref().ok_or(NotReplayable::Unreadable)?;
    let issuer = record.issuer.as_ref().ok_or(NotReplayable::Unreadable)?;
    let mapping = &catalogue.issuer(issuer).ok_or(NotReplayable::Unreadable)?.mapping;
    let facts = match (&released.claims, &record.attributes) {
        (Some(Value::Object(claims)), _) => {
            mapping.facts(issuer, Claims::from(claims.clone())).map_err(|_| NotReplayable::Unreadable)?
        }
        (_, Some(_)) if replay.looks_at_claims(issuer) => return Err(NotReplayable::ClaimsPruned),
        (_, Some(attributes)) => mapping.facts_of_record(issuer, attributes),
        _ => return Err(NotReplayable::Unreadable),
    };
    let named = record.policy.clone();
    let uses = uses(record).ok_or(NotReplayable::Unreadable)?;
    Ok(PastDecision { at: released.at, facts, named, uses })
}

fn uses(record: &RequestRecord) -> Option<Vec<PastUse>> {
    let (credentials, policies) = (record.credentials.as_ref()?, record.policies.as_ref()?);
    let one = |(number, line): (usize, &String)| {
        let target = Target::parse(line).ok()?.for_policies();
        let policy = policies.get(number)?.clone();
        let chosen = record.issued(number).and_then(|issued| target.chosen(issued));
        let released = chosen.as_ref().unwrap_or(&target).to_string();
        // If only some values of a document were granted, each counts as if the request had named it.
        let only = match record.issued_values(number) {
            None => return Some(vec![PastUse { target, released, policy }]),
            Some(IssuedValues::Named(only)) => only,
            Some(IssuedValues::NotAllNamed) => return None,
        };
        let value = |pointer: &String| {
            let target = Target::parse(&format!("{line}#{pointer}")).ok()?.for_policies();
            Some(PastUse { released: target.to_string(), target, policy: policy.clone() })
        };
        only.iter().map(value).collect()
    };
    let uses: Option<Vec<Vec<PastUse>>> = credentials.iter().enumerate().map(one).collect();
    Some(uses?.into_iter().flatten().collect())
}
