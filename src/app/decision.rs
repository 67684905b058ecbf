//! Why a decision was made as it was, for whoever operates the server: its records, and what would be decided of it now.

use super::App;
use super::live::Live;
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::{Catalogue, Explanation, StopUntil, explain};
use crate::store::{Decided, Entry, Found, Reader};
use crate::token::Claims;
use crate::words::names::{CommitId, DecisionId, IssuerName, PolicyName, SourceName};
use crate::words::{Denial, IdSuffix, Reason, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;

/// A decision, and each credential that it was about.
#[derive(Serialize, Deserialize, Debug)]
pub struct ExplainedDecision {
    /// Its id, whole.
    pub decision_id: String,
    /// What the audit log has of it, oldest first.
    pub records: Vec<Entry>,
    /// What would be decided now, of each credential that was asked for.
    pub explanations: Vec<Explanation>,
    /// Why nothing is explained, where the records say all that is known.
    pub not_explained: Option<String>,
    /// Whether the token's claims are pruned, so that a line over a raw claim seems not to hold.
    pub claims_pruned: bool,
    /// The policy that the request named: no other could grant.
    pub policy_named: Option<PolicyName>,
    /// The commit by whose policies it was decided, where the records say one.
    pub decided_at_revision: Option<String>,
    /// The root source's commit in force now.
    pub revision_in_force: Option<CommitId>,
    /// Policy files of which the newest form is not in force, because it is faulty or waits for a person.
    #[serde(default)]
    pub newer_forms: Vec<String>,
    /// Sources that were read too long ago: their policies deny.
    pub stale_sources: Vec<SourceName>,
}

/// Why nobody can tell what would be decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
enum NotExplained {
    /// Its identity was never known.
    #[error("no policy was looked at: the request was refused before it was known who asks")]
    IdentityUnknown,
    /// Nobody reads its claims any more.
    #[error("its issuer is not configured any more, so nothing tells what its token claimed")]
    IssuerGone,
    /// It asked for nothing that a policy grants by itself.
    #[error("the request asked for no credential by name")]
    NothingNamed,
}

/// What would be decided of each credential, or why nobody can tell.
type Explained = Result<Vec<(Target, Explanation)>, NotExplained>;

impl App {
    /// The only decision whose id ends so, from the log and under what is in force.
    pub async fn explain(&self, suffix: IdSuffix) -> Result<ExplainedDecision, Denial> {
        let internal = |fault: &dyn Display| Reason::Internal.because(fault);
        let reader = self.store.reader().map_err(|fault| internal(&fault))?;
        let (catalogue, now, live) = (self.catalogue.clone(), self.now(), self.live.load_full());
        let (stops, stale) = (standing(&self.stops.load()), self.stale_sources(&live));
        let explaining = move || -> Result<(ExplainedDecision, Explained), Denial> {
            let decided = find(&reader, &suffix)?;
            let explained = ExplainedDecision::of(&decided, &live, stale);
            Ok((explained, explanations(&decided, (&live, &stops), &catalogue, now)?))
        };
        let (mut explained, told) = tokio::task::spawn_blocking(explaining).await.map_err(|fault| internal(&fault))??;
        match told {
            Ok(told) => explained.explanations = told.into_iter().map(|told| self.with_maker(told)).collect(),
            Err(why) => explained.not_explained = Some(why.to_string()),
        }
        Ok(explained)
    }

    /// What policies grant, and nobody would make as the server is configured, is refused too.
    fn with_maker(&self, (wanted, told): (Target, Explanation)) -> Explanation {
        match self.could_make(&wanted) {
            Ok(()) => told,
            Err(denial) => told.unmade(denial.cause),
        }
    }

    /// The whole id of the only decision whose id ends so.
    pub(super) async fn whole_id(&self, suffix: IdSuffix) -> Result<DecisionId, Denial> {
        if let Some(whole) = suffix.whole() {
            return Ok(whole);
        }
        let internal = |fault: &dyn Display| Reason::Internal.because(fault);
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

fn standing(stops: &BTreeMap<String, StopUntil>) -> Vec<(String, StopUntil)> {
    stops.iter().map(|(id, stop)| (id.clone(), stop.clone())).collect()
}

fn find(reader: &Reader, suffix: &IdSuffix) -> Result<Decided, Denial> {
    let refuse = |told: String| Reason::BadRequest.because(&told).saying(told);
    match reader.decision(suffix).map_err(|fault| Reason::Internal.because(fault))? {
        Found::One(decided) => Ok(*decided),
        Found::Several(ids) => {
            Err(refuse(format!("Several decisions end in `{suffix}`: {}. Give more of the id.", ids.join(", "))))
        }
        Found::Nothing => Err(refuse(format!(
            "No record has a decision `{suffix}`: an id is known by its end. It may be another server's, or one of many refusals that are only counted \
             (`daypass audit query --kind aggregated`)."
        ))),
    }
}

impl ExplainedDecision {
    fn of(decided: &Decided, live: &Live, stale_sources: Vec<SourceName>) -> Self {
        let member = |name: &str| decided.records.iter().find_map(|record| record.body[name].as_str());
        // A grant is of its policies' commits, a refusal of what was in force.
        let revision = member("policy_revision").or_else(|| member("revision_in_force"));
        let told = identified(decided).map(|record| &record.body);
        let named = told.and_then(|body| PolicyName::parse(body["policy"].as_str()?).ok());
        Self {
            decision_id: decided.id.clone(),
            records: decided.records.clone(),
            explanations: Vec::new(),
            not_explained: None,
            claims_pruned: told.is_some() && decided.claims.is_none(),
            policy_named: named,
            decided_at_revision: revision.map(str::to_owned),
            revision_in_force: live.revision().ok().cloned(),
            newer_forms: live.newer_forms(),
            stale_sources,
        }
    }
}

/// The record that says who asked for what.
fn identified(decided: &Decided) -> Option<&Entry> {
    decided.records.iter().find(|record| record.body["attributes"].is_object())
}

/// What would be decided of each credential; the inner error says why nobody can tell.
fn explanations(
    decided: &Decided,
    (live, stops): (&Live, &[(String, StopUntil)]),
    catalogue: &Catalogue,
    now: UnixTime,
) -> Result<Explained, Denial> {
    let facts = match facts(decided, catalogue) {
        Ok(facts) => facts,
        Err(why) => return Ok(Err(why)),
    };
    let policies = live.policies()?;
    let lines = identified(decided).and_then(|record| record.body["credentials"].as_array()).into_iter().flatten();
    let wanted = lines.filter_map(|line| Some(Target::parse(line.as_str()?).ok()?.for_policies()));
    let told = wanted.map(|wanted| {
        let explanation = explain(policies, &facts, &wanted, now).under(stops, &facts, now);
        (wanted, explanation)
    });
    let told: Vec<(Target, Explanation)> = told.collect();
    Ok(if told.is_empty() { Err(NotExplained::NothingNamed) } else { Ok(told) })
}

fn facts(decided: &Decided, catalogue: &Catalogue) -> Result<Facts, NotExplained> {
    let body = &identified(decided).ok_or(NotExplained::IdentityUnknown)?.body;
    let issuer = body["issuer"].as_str().and_then(|name| IssuerName::parse(name).ok()).ok_or(NotExplained::IdentityUnknown)?;
    let mapping = &catalogue.issuer(&issuer).ok_or(NotExplained::IssuerGone)?.mapping;
    let of_claims = match &decided.claims {
        Some(Value::Object(claims)) => mapping.facts(&issuer, Claims::from(claims.clone())).ok(),
        _ => None,
    };
    let attributes = body["attributes"].as_object().ok_or(NotExplained::IdentityUnknown)?;
    Ok(of_claims.unwrap_or_else(|| mapping.facts_of_record(&issuer, attributes)))
}
