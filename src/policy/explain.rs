//! Why a decision came out so: which policy allows it, or which line of which policy did not hold and what it saw. For operators,
//! never for callers.

use super::decide::{PolicySet, between};
use super::file::TrustPolicy;
use super::guardrail::GUARDRAILS_FILE;
use super::miss::Line;
use super::operator_denial::DenialUntil;
use crate::identity::Facts;
use crate::kind::Target;
use crate::token::Possession;
use crate::words::names::PolicyName;
use crate::words::yaml::Place;
use crate::words::{UnixTime, plain};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// At most so many near misses are shown.
const NEAR_MISSES_MAX: usize = 5;

/// The whole answer to "why".
#[derive(Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// What was asked for.
    pub wanted: String,
    /// The policy that allows it, if nothing denies it.
    pub allowed_by: Option<PolicyName>,
    /// The policies that grant it, even if something denies it.
    pub granted_by: Vec<PolicyName>,
    /// The values that are granted, by JSON pointer, if a document is not granted whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Why it is denied, in one sentence: the first reason in the order in which the server decides.
    pub denied_because: Option<String>,
    /// The proof of possession that it demands, as a policy names it; absent: none.
    pub dpop: Option<Cow<'static, str>>,
    /// Every guardrail that denies it.
    pub guardrails: Vec<GuardrailHit>,
    /// Every operator's denial against it; absent if the denials were not evaluated.
    pub operators_denials: Option<Vec<OperatorsDenial>>,
    /// The policies that offer it and do not match this identity, the nearest first.
    pub near_misses: Vec<NearMiss>,
    /// Whether some policy of the issuer offers it to anybody.
    is_offered: bool,
}

/// A guardrail that denies what was asked for.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardrailHit {
    /// Where it stands: file and line.
    pub at: String,
    /// Its description.
    pub description: String,
}

/// An operator's denial against what was asked for.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OperatorsDenial {
    /// The id by which it is lifted.
    pub id: String,
    /// What it denies.
    pub denies: String,
    /// Until when; absent: until it is lifted.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
}

/// A policy that offers what is asked for, and the lines that do not hold.
#[derive(Debug, Serialize, Deserialize)]
pub struct NearMiss {
    /// The policy.
    pub policy: PolicyName,
    /// The lines that do not hold.
    pub lines: Vec<Line>,
}

/// Explains the decision for these facts. [`Explanation::under`] adds the operators' denials.
pub fn explain(set: &PolicySet, facts: &Facts, target: &Target, now: UnixTime) -> Explanation {
    let parts = parts(set, facts, target);
    let targets = || std::iter::once(target).chain(&parts);
    let misses = |policy: &Arc<TrustPolicy>| {
        targets().filter_map(|target| near_miss(policy, facts, target, now)).min_by_key(|miss| miss.lines.len())
    };
    let mut near_misses: Vec<NearMiss> = set.policies().iter().filter_map(misses).collect();
    near_misses.sort_by_key(|miss| miss.lines.len());
    near_misses.truncate(NEAR_MISSES_MAX);
    let (chosen, granted) = set.offered(facts, target, None, now).unwrap_or_else(|_| (Cow::Borrowed(target), Vec::new()));
    let mut guardrails: Vec<GuardrailHit> = Vec::new();
    for target in std::iter::once(chosen).chain(between(&granted).map(Cow::Owned)).chain(parts.iter().map(Cow::Borrowed)) {
        let hits = set.guardrails().all_against(facts, &target).map(|(place, description)| guardrail_hit(place, description));
        hits.for_each(|hit| {
            if !guardrails.contains(&hit) {
                guardrails.push(hit);
            }
        });
    }
    let (allowed_by, denied_because) = match set.would_answer(facts, target, now) {
        Ok(policy) => (Some(policy), None),
        Err(denial) => (None, Some(denial.cause)),
    };
    let is_whole = set.would_grant(facts, target, None, now).is_ok();
    let is_granted = |part: &&Target| !is_whole && set.would_grant(facts, part, None, now).is_ok();
    let only = parts.iter().filter(is_granted).filter_map(|part| part.pointer().map(str::to_owned)).collect();
    // The policy that demands the least proof decides.
    let dpop = granted.iter().map(|granted| granted.proof).min().filter(|proof| *proof != Possession::Nothing);
    let dpop = dpop.map(|proof| Cow::Borrowed(proof.as_str()));
    let mut granted_by: Vec<PolicyName> = granted.into_iter().map(|granted| granted.policy).collect();
    granted_by.extend(allowed_by.iter().filter(|_| !is_whole).cloned());
    granted_by.dedup();
    let offers = |policy: &TrustPolicy| policy.rules.iter().any(|rule| targets().any(|target| rule.offer(target).is_some()));
    let is_offered = set.policies().iter().any(|policy| policy.issuer == facts.issuer && offers(policy));
    let (wanted, operators_denials) = (target.to_string(), None);
    Explanation {
        wanted,
        allowed_by,
        granted_by,
        only,
        denied_because,
        dpop,
        guardrails,
        operators_denials,
        near_misses,
        is_offered,
    }
}

/// The parts that policies of this issuer offer, of a document that is asked for whole.
fn parts(set: &PolicySet, facts: &Facts, target: &Target) -> Vec<Target> {
    let policies = set.policies().iter().filter(|policy| policy.issuer == facts.issuer);
    target.parts(policies.flat_map(|policy| &*policy.rules)).into_iter().collect()
}

fn guardrail_hit(place: Place, description: &str) -> GuardrailHit {
    GuardrailHit { at: format!("{GUARDRAILS_FILE}:{}", place.line), description: description.to_owned() }
}

impl Explanation {
    /// The same with the operators' denials, each with its id. The server evaluates these after the policies.
    pub fn under(mut self, denials: &[(String, DenialUntil)], facts: &Facts, now: UnixTime) -> Self {
        let named = || self.allowed_by.iter().chain(self.granted_by.iter().filter(|_| self.allowed_by.is_none()));
        let standing = denials.iter().filter(|(_, (_, until))| until.is_none_or(|until| now < until));
        let hits = standing.filter(|(_, (stop, _))| stop.fits(facts, named()) != Ok(false));
        let to_hit = |(id, (stop, until)): &(String, DenialUntil)| OperatorsDenial {
            id: id.clone(),
            denies: stop.to_string(),
            until: until.map(|until| until.to_string()),
            reason: stop.reason.clone(),
        };
        let hits: Vec<OperatorsDenial> = hits.map(to_hit).collect();
        if let (Some(_), Some(first)) = (&self.allowed_by, hits.first()) {
            self.allowed_by = None;
            self.denied_because = Some(format!("an operator denies it: {}", first.reason));
        }
        self.operators_denials = Some(hits);
        self
    }
}

impl Explanation {
    /// The same for a credential that is granted and that the server cannot make.
    pub fn not_issuable(mut self, cause: String) -> Self {
        if self.allowed_by.take().is_some() {
            self.denied_because = Some(cause);
        }
        self
    }
}

/// The lines that do not hold, of the policy's rule that comes nearest; `None` if the policy does not offer it, or grants it.
pub(super) fn near_miss(policy: &TrustPolicy, facts: &Facts, target: &Target, now: UnixTime) -> Option<NearMiss> {
    if policy.issuer != facts.issuer {
        return None;
    }
    let offering = policy.rules.iter().filter(|rule| rule.offer(target).is_some());
    let misses = offering.map(|rule| rule.misses(facts)).min_by_key(Vec::len)?;
    let mut lines: Vec<Line> = misses.iter().map(|miss| miss.line(&policy.file, facts)).collect();
    if lines.is_empty() && !policy.in_force(now) {
        let text = if policy.audit_only { "mode: audit" } else { "expires" };
        lines.push(Line { at: policy.file.clone(), says: text.to_owned(), saw: None, personal: false });
    }
    (!lines.is_empty()).then(|| NearMiss { policy: policy.name.clone(), lines })
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = plain(&self.wanted);
        match (&self.allowed_by, &self.denied_because) {
            (Some(policy), _) if self.only.is_empty() => writeln!(f, "ALLOWED  {wanted} by {policy}")?,
            (Some(policy), _) => {
                writeln!(f, "ALLOWED  {wanted} by {policy}, and of it only {}", plain(&self.only.join(", ")))?;
            }
            (None, cause) => writeln!(f, "DENIED   {wanted}: {}", plain(cause.as_deref().unwrap_or_default()))?,
        }
        if let Some(word) = &self.dpop {
            writeln!(
                f,
                "\n  Only with a proof of possession: the policy says `dpop: {word}`. Whether the token has one was not checked."
            )?;
        }
        for hit in &self.guardrails {
            writeln!(f, "\n  a guardrail denies it\n    {:<34} {}", plain(&hit.at), plain(&hit.description))?;
        }
        for denial in self.operators_denials.iter().flatten() {
            let until = denial.until.as_deref().unwrap_or("it is lifted");
            let (denies, reason) = (plain(&denial.denies), plain(&denial.reason));
            writeln!(f, "\n  an operator denies it until {until}\n    {:<34} {denies}: {reason}", denial.id)?;
        }
        match (&self.allowed_by, &self.granted_by[..]) {
            (Some(_), _) => Ok(()),
            (None, []) => self.write_near_misses(f),
            (None, granting) => {
                let names: Vec<&str> = granting.iter().map(PolicyName::as_str).collect();
                writeln!(f, "\n  It is granted by {}, if nothing stood against it.", names.join(", "))
            }
        }
    }
}

impl Explanation {
    fn write_near_misses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for miss in &self.near_misses {
            writeln!(f, "\n  {} would grant it, but", miss.policy)?;
            for line in &miss.lines {
                let saw = plain(line.saw.as_deref().unwrap_or("nothing: the token does not claim it"));
                writeln!(f, "    {:<34} {}\n    {:<34} saw {saw}", plain(&line.at), plain(&line.says), "")?;
            }
        }
        if !self.is_offered {
            writeln!(f, "\n  No policy of this issuer offers it at all.")?;
        }
        Ok(())
    }
}
