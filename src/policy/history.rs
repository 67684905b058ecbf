//! Decides past requests again with a candidate revision, and counts what it would have denied. Pure: past decisions in, counts out.
//!
//! Decisions that agree in everything that either revision reads are decided once.

mod candidate;
mod error;

pub use candidate::{Candidate, ReplayRequest};
pub use error::{CandidateError, CandidateSizeError, LookbackError, ReplayBodyError};

use super::condition::Subject;
use super::decide::PolicySet;
use super::explain::{self, near_miss};
use super::file::DANGERS;
use crate::answers::{Findings, Line, ListedFaults, Lost, NearMiss};
use crate::identity::{Attribute, Facts, Value};
use crate::kind::Target;
use crate::words::names::{IssuerName, PolicyName};
use crate::words::{Digest, UnixTime};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Grants that are listed. Further ones are only counted.
const TOLD_MAX: usize = 500;
/// Lines that are listed for a grant, and characters of each: enough to see which line is meant.
const LINES_MAX: usize = 8;
const LINE_CHARACTERS_MAX: usize = 200;
/// If lines read more attributes and claims than this, each decision is decided anew. This bounds the memory.
const SUBJECTS_MAX: usize = 64;

/// A decision that released something.
pub struct PastDecision {
    /// When it was made.
    pub at: UnixTime,
    /// Who asked.
    pub facts: Facts,
    /// The policy that the request named.
    pub named: Option<PolicyName>,
    /// What was released.
    pub uses: Vec<PastUse>,
}

/// One credential that was released.
pub struct PastUse {
    /// As it was requested.
    pub target: Target,
    /// As it was released: with what the policies chose, if the request left that open.
    pub released: String,
    /// The policy that granted it.
    pub policy: PolicyName,
}

/// Why a decision cannot be decided again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotReplayable {
    /// A line reads raw claims of its issuer, and its claims are pruned.
    ClaimsPruned,
    /// Its record has another form, or its issuer is no longer configured.
    Unreadable,
}

/// A replay under way.
pub struct Replay<'a> {
    candidate: &'a Candidate,
    in_force: &'a PolicySet,
    now: UnixTime,
    subjects: HashMap<IssuerName, BTreeSet<Subject>>,
    known: HashMap<DecisionKey, Option<CandidateDenial>>,
    lost: BTreeMap<(PolicyName, String, bool), Lost>,
    found: Findings,
}

/// Everything that a decision depends on.
#[derive(PartialEq, Eq, Hash)]
struct DecisionKey {
    issuer: IssuerName,
    named: Option<PolicyName>,
    target: Target,
    attributes: Vec<(Option<Value>, bool)>,
    claims: Vec<Option<Digest>>,
}

/// A denial by the candidate.
#[derive(Clone)]
struct CandidateDenial {
    already: bool,
    because: String,
}

impl<'a> Replay<'a> {
    /// Both revisions decide at `now`: what has expired by now grants nothing.
    pub fn new(candidate: &'a Candidate, in_force: &'a PolicySet, now: UnixTime) -> Self {
        Self {
            candidate,
            in_force,
            now,
            subjects: HashMap::new(),
            known: HashMap::new(),
            lost: BTreeMap::new(),
            found: Findings::default(),
        }
    }

    /// Whether any line for this issuer reads raw claims. If none does, the attributes suffice.
    pub fn looks_at_claims(&mut self, issuer: &IssuerName) -> bool {
        self.subjects(issuer).iter().any(|subject| matches!(subject, Subject::Claim(_)))
    }

    /// Decides a past decision again. The newest has to come first.
    pub fn add(&mut self, past: &PastDecision) {
        self.found.decisions += 1;
        let denied: Vec<(&PastUse, CandidateDenial)> =
            past.uses.iter().filter_map(|one| Some((one, self.decide(past, &one.target)?))).collect();
        self.found.denied += u64::from(!denied.is_empty());
        for (one, denied) in denied {
            self.count(past, one, denied);
        }
    }

    /// Counts a decision that cannot be decided again.
    pub const fn leave_out(&mut self, why: NotReplayable) {
        match why {
            NotReplayable::ClaimsPruned => self.found.claims_pruned += 1,
            NotReplayable::Unreadable => self.found.unreadable += 1,
        }
    }

    /// Notes that nothing before this time was replayed.
    pub fn cut_off(&mut self, at: UnixTime) {
        self.found.cut_off_at = Some(at.to_string());
    }

    /// The outcome.
    pub fn finish(self) -> Findings {
        let mut found = self.found;
        found.grants = self.lost.into_values().collect();
        found.grants.sort_by_key(|lost| (lost.denied_already, std::cmp::Reverse(lost.times)));
        let listed = ListedFaults::of(self.candidate.faults());
        found.faults_left_out = listed.left_out.if_any();
        found.faults = listed.faults.into_iter().map(Into::into).collect();
        found
    }

    fn decide(&mut self, past: &PastDecision, target: &Target) -> Option<CandidateDenial> {
        let key = self.cache_key(past, target);
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            return known.clone();
        }
        let decide = |set: &PolicySet| set.would_grant(&past.facts, target, past.named.as_ref(), self.now);
        let because = match decide(self.candidate.set()) {
            Ok(_) => self.candidate.lacks(target),
            Err(denial) => Some(denial.detail.unwrap_or(denial.cause)),
        };
        let denied = because.map(|because| CandidateDenial { already: decide(self.in_force).is_err(), because });
        self.known.extend(key.map(|key| (key, denied.clone())));
        denied
    }

    fn cache_key(&mut self, past: &PastDecision, target: &Target) -> Option<DecisionKey> {
        let (mut attributes, mut claims) = (Vec::new(), Vec::new());
        let subjects = self.subjects(&past.facts.issuer);
        if subjects.len() > SUBJECTS_MAX {
            return None;
        }
        for subject in subjects {
            match subject {
                Subject::Attribute(attribute) => {
                    let unreadable = past.facts.unreadable.contains(attribute);
                    attributes.push((past.facts.attribute(*attribute).cloned(), unreadable));
                }
                Subject::Claim(pointer) => claims.push(past.facts.claims.pointer(pointer).map(digest)),
            }
        }
        let (issuer, named, target) = (past.facts.issuer.clone(), past.named.clone(), target.clone());
        Some(DecisionKey { issuer, named, target, attributes, claims })
    }

    /// The attributes and claims of this issuer that the two revisions read.
    fn subjects(&mut self, issuer: &IssuerName) -> &BTreeSet<Subject> {
        let sets = [self.candidate.set(), self.in_force];
        self.subjects.entry(issuer.clone()).or_insert_with(|| sets.iter().flat_map(|set| subjects(set, issuer)).collect())
    }

    fn count(&mut self, past: &PastDecision, one: &PastUse, denied: CandidateDenial) {
        let key = (one.policy.clone(), one.released.clone(), denied.already);
        if let Some(lost) = self.lost.get_mut(&key) {
            lost.times += 1;
        } else if self.lost.len() < TOLD_MAX {
            let lost = self.lost(past, one, denied);
            self.lost.insert(key, lost);
        } else {
            self.found.uses_more += 1;
        }
    }

    fn lost(&self, past: &PastDecision, one: &PastUse, denied: CandidateDenial) -> Lost {
        let attribute = |attribute| past.facts.attribute(attribute).map(ToString::to_string);
        Lost {
            policy: one.policy.clone(),
            credential: one.released.clone(),
            times: 1,
            last_at: past.at.to_string(),
            last_repository: attribute(Attribute::Repository),
            last_run: attribute(Attribute::RunUrl).or_else(|| attribute(Attribute::Pipeline)),
            denied_already: denied.already,
            because: denied.because,
            near_miss: self.nearest(past, one),
        }
    }

    /// The policy that granted it, as the candidate has it; else the one that comes nearest.
    fn nearest(&self, past: &PastDecision, one: &PastUse) -> Option<NearMiss> {
        let policies = self.candidate.set().policies();
        let miss = |policy: &std::sync::Arc<_>| near_miss(policy, &past.facts, &one.target, self.now);
        let same = policies.iter().find(|policy| policy.name == one.policy);
        let nearest = same.and_then(miss).or_else(|| policies.iter().filter_map(miss).min_by_key(|miss| miss.lines.len()));
        nearest.map(without_persons)
    }
}

fn digest(claim: &serde_json::Value) -> Digest {
    Digest::plain(claim.to_string().as_bytes())
}

fn subjects(set: &PolicySet, issuer: &IssuerName) -> BTreeSet<Subject> {
    let rules = set.policies().iter().filter(|policy| policy.issuer == *issuer).flat_map(|policy| &policy.rules);
    let lines = rules.clone().flat_map(|rule| rule.conditions.iter().map(|condition| condition.subject.clone()));
    let terms = rules.flat_map(|rule| rule.grants.attributes());
    let denials = set.guardrails().subjects(issuer).cloned();
    lines.chain(terms.chain(DANGERS).map(Subject::Attribute)).chain(denials).collect()
}

/// A job learns which line did not hold, but no value that may name a person.
fn without_persons(miss: explain::NearMiss) -> NearMiss {
    let line = |line: super::miss::Line| {
        let saw = if line.personal { line.saw.map(|_| "what may name a person".to_owned()) } else { line.saw };
        Line { at: line.at, says: shortened(line.says), saw: saw.map(shortened) }
    };
    NearMiss { policy: miss.policy, lines: miss.lines.into_iter().take(LINES_MAX).map(line).collect() }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LINE_CHARACTERS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
