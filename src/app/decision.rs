//! Explains a decision to the server's operator: its records, and what the server would decide now.

use super::App;
use super::live::Live;
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::{Catalogue, DenialUntil, Explanation, PolicySet, explain};
use crate::store::{Decided, DecisionSearch, Entry, Reader, RequestRecord, Store};
use crate::token::Claims;
use crate::words::names::{CommitId, DecisionId, PolicyName, SourceName};
use crate::words::{Denial, IdSuffix, Reason, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;

/// A decision, and an explanation for each of its credentials.
#[derive(Serialize, Deserialize, Debug)]
pub struct ExplainedDecision {
    /// Its whole id.
    pub decision_id: String,
    /// Its records in the audit log, oldest first.
    pub records: Vec<Entry>,
    /// What the server would decide now, for each requested credential.
    pub explanations: Vec<Explanation>,
    /// Why there is no explanation, if the records say all that is known.
    pub not_explained: Option<String>,
    /// Whether the token's claims are pruned, so that a line over a raw claim is shown as not matching.
    pub claims_pruned: bool,
    /// The policy that the request named: no other could grant.
    pub policy_named: Option<PolicyName>,
    /// The commit whose policies decided, if the records name one.
    pub decided_at_revision: Option<String>,
    /// The root source's commit in force now.
    pub revision_in_force: Option<CommitId>,
    /// Policy files of which the newest form is not in force, because it is faulty or waits for a person.
    #[serde(default)]
    pub newer_forms: Vec<String>,
    /// Sources that were read too long ago, so that their policies grant nothing.
    pub stale_sources: Vec<SourceName>,
}

/// Why it is not known what the server would decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
enum NotExplained {
    /// The identity was never known.
    #[error("no policy was looked at: the request was refused before its identity was known")]
    IdentityUnknown,
    /// No mapping reads its claims any more.
    #[error("its issuer is not configured any more, so its token's claims cannot be read")]
    IssuerGone,
    /// It asked for nothing that a policy can grant.
    #[error("the request asked for no credential by name")]
    NothingNamed,
}

/// The times by which a request is decided. They differ after the wall clock was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DecisionTimes {
    /// For policies: what has expired stays expired.
    pub(super) policies: UnixTime,
    /// For operators' denials: a clock that is ahead ends none.
    pub(super) denials: UnixTime,
}

impl DecisionTimes {
    pub(super) fn of(store: &Store) -> Self {
        Self { policies: store.now(), denials: store.earliest() }
    }
}

/// What the server would decide for each credential, or why that is not known.
type Explained = Result<Vec<(Target, Explanation)>, NotExplained>;

impl App {
    /// Explains the only decision whose id has this end, from the log and by what is in force.
    pub async fn explain(&self, suffix: IdSuffix) -> Result<ExplainedDecision, Denial> {
        let internal = |fault: &dyn Display| Reason::Internal.with_cause(fault);
        let reader = self.store.reader().map_err(|fault| internal(&fault))?;
        let (catalogue, times, live) = (self.catalogue.clone(), DecisionTimes::of(&self.store), self.live.load_full());
        let (denials, stale) = (standing(&self.denials.load()), self.stale_sources(&live));
        let explaining = move || -> Result<(ExplainedDecision, Explained), Denial> {
            let decided = find(&reader, &suffix)?;
            let explained = ExplainedDecision::of(&decided, &live, stale);
            Ok((explained, explanations(&decided, (&live, &denials), &catalogue, times)?))
        };
        let (mut explained, explanations) = tokio::task::spawn_blocking(explaining).await.map_err(|fault| internal(&fault))??;
        match explanations {
            Ok(explanations) => {
                explained.explanations = explanations.into_iter().map(|explanation| self.with_maker(explanation)).collect()
            }
            Err(why) => explained.not_explained = Some(why.to_string()),
        }
        Ok(explained)
    }

    /// Adds that a grant which no configured provider can make is refused too.
    fn with_maker(&self, (target, explanation): (Target, Explanation)) -> Explanation {
        match self.could_make(&target) {
            Ok(()) => explanation,
            Err(denial) => explanation.not_issuable(denial.cause),
        }
    }

    /// The whole id of the only decision whose id has this end.
    pub(super) async fn whole_id(&self, suffix: IdSuffix) -> Result<DecisionId, Denial> {
        if let Some(whole) = suffix.whole() {
            return Ok(whole);
        }
        let internal = |fault: &dyn Display| Reason::Internal.with_cause(fault);
        let reader = self.store.reader().map_err(|fault| internal(&fault))?;
        let found = tokio::task::spawn_blocking(move || find(&reader, &suffix)).await;
        let id = found.map_err(|fault| internal(&fault))??.id;
        DecisionId::parse(&id).map_err(|fault| internal(&fault))
    }

    fn stale_sources(&self, live: &Live) -> Vec<SourceName> {
        let boot = self.store.since_boot();
        live.sources().map(|(name, _)| name).filter(|name| live.check_fresh(name, boot).is_err()).collect()
    }
}

fn standing(denials: &BTreeMap<String, DenialUntil>) -> Vec<(String, DenialUntil)> {
    denials.iter().map(|(id, stop)| (id.clone(), stop.clone())).collect()
}

fn find(reader: &Reader, suffix: &IdSuffix) -> Result<Decided, Denial> {
    let refuse = |message: String| Reason::BadRequest.with_cause(&message).with_detail(message);
    match reader.decision(suffix).map_err(|fault| Reason::Internal.with_cause(fault))? {
        DecisionSearch::One(decided) => Ok(*decided),
        DecisionSearch::Several(ids) => {
            Err(refuse(format!("Several decisions end in `{suffix}`: {}. Give more of the id.", ids.join(", "))))
        }
        DecisionSearch::Nothing => Err(refuse(format!(
            "No record has a decision `{suffix}`: give an id or the end of it. It may be another server's, or one of many refusals that are only counted \
             (`daypass audit query --kind aggregated`)."
        ))),
    }
}

impl ExplainedDecision {
    fn of(decided: &Decided, live: &Live, stale_sources: Vec<SourceName>) -> Self {
        let records: Vec<RequestRecord> = decided.records.iter().filter_map(Entry::request).collect();
        // A grant names its policies' commits, a refusal the commit in force.
        let revision = records.iter().find_map(|record| record.policy_revision.clone());
        let revision = revision.or_else(|| records.iter().find_map(|record| record.revision_in_force.clone()));
        let record = identified(decided);
        Self {
            decision_id: decided.id.clone(),
            records: decided.records.clone(),
            explanations: Vec::new(),
            not_explained: None,
            claims_pruned: record.is_some() && decided.claims.is_none(),
            policy_named: record.and_then(|record| record.policy),
            decided_at_revision: revision,
            revision_in_force: live.revision().ok().cloned(),
            newer_forms: live.newer_forms(),
            stale_sources,
        }
    }
}

/// The record that says who asked for what.
fn identified(decided: &Decided) -> Option<RequestRecord> {
    decided.records.iter().filter_map(Entry::request).find(|record| record.attributes.is_some())
}

/// What the server would decide for each credential; the inner error says why that is not known.
fn explanations(
    decided: &Decided,
    (live, denials): (&Live, &[(String, DenialUntil)]),
    catalogue: &Catalogue,
    times: DecisionTimes,
) -> Result<Explained, Denial> {
    let facts = match facts(decided, catalogue) {
        Ok(facts) => facts,
        Err(why) => return Ok(Err(why)),
    };
    let policies = live.policies()?;
    let lines = identified(decided).and_then(|record| record.credentials).unwrap_or_default();
    let targets = lines.iter().filter_map(|line| Some(Target::parse(line).ok()?.for_policies()));
    let explained = targets.map(|target| {
        let explanation = explanation(policies, denials, (&facts, &target), times);
        (target, explanation)
    });
    let explained: Vec<(Target, Explanation)> = explained.collect();
    Ok(if explained.is_empty() { Err(NotExplained::NothingNamed) } else { Ok(explained) })
}

fn explanation(
    policies: &PolicySet,
    denials: &[(String, DenialUntil)],
    (facts, target): (&Facts, &Target),
    times: DecisionTimes,
) -> Explanation {
    explain(policies, facts, target, times.policies).under(denials, facts, times.denials)
}

fn facts(decided: &Decided, catalogue: &Catalogue) -> Result<Facts, NotExplained> {
    let record = identified(decided).ok_or(NotExplained::IdentityUnknown)?;
    let issuer = record.issuer.ok_or(NotExplained::IdentityUnknown)?;
    let mapping = &catalogue.issuer(&issuer).ok_or(NotExplained::IssuerGone)?.mapping;
    let of_claims = match &decided.claims {
        Some(Value::Object(claims)) => mapping.facts(&issuer, Claims::from(claims.clone())).ok(),
        _ => None,
    };
    let attributes = record.attributes.ok_or(NotExplained::IdentityUnknown)?;
    Ok(of_claims.unwrap_or_else(|| mapping.facts_of_record(&issuer, &attributes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Mapping;
    use crate::policy::OperatorDenial;
    use crate::words::SteppingClock;
    use crate::words::names::IssuerName;
    use std::sync::Arc;

    #[test]
    fn a_denial_that_the_server_still_enforces_is_explained_while_the_clock_is_ahead() {
        const START: i64 = 1_800_000_000_000;
        let (folder, clock) = (tempfile::tempdir().unwrap(), SteppingClock::at(START));
        let store = Store::open(folder.path(), Arc::new(clock.clone())).unwrap();
        let until = UnixTime::from_millis(START + 60_000);
        let stop: OperatorDenial = serde_json::from_value(serde_json::json!({ "issuer": "ci", "reason": "INC-42" })).unwrap();
        let standing = [("x".to_owned(), (stop, Some(until)))];
        let issuer = IssuerName::parse("ci").unwrap();
        let facts = Mapping::built_in("generic").unwrap().facts(&issuer, Claims::from(serde_json::Map::new())).unwrap();
        let target = Target::parse("secret shop/db.yaml").unwrap();
        let denials = || {
            let result = explanation(&PolicySet::default(), &standing, (&facts, &target), DecisionTimes::of(&store));
            result.operators_denials.map_or(0, |denials| denials.len())
        };
        assert_eq!(denials(), 1);
        clock.step(3_600_000);
        assert_eq!((store.now() > until, denials()), (true, 1));
        clock.step(-3_600_000);
        clock.pass(std::time::Duration::from_secs(61));
        assert_eq!(denials(), 0);
    }
}
