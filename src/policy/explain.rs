//! Why: which policy allows, or which line of which policy did not hold and what it saw. For operators, never for callers.

use super::decide::PolicySet;
use super::file::{Miss, TrustPolicy};
use super::request::Wanted;
use crate::identity::Facts;
use crate::words::names::PolicyName;
use crate::words::{UnixTime, plain};
use serde::Serialize;
use std::fmt;

/// More near misses than this are no longer near.
const NEAR_MISSES_MAX: usize = 5;

/// The whole answer to "why".
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// What was asked for.
    pub wanted: String,
    /// The policy that allows it.
    pub allowed_by: Option<PolicyName>,
    /// Why not, in one sentence.
    pub denied_because: Option<String>,
    /// The policies that offer it and do not match, the nearest first.
    pub near_misses: Vec<NearMiss>,
}

/// A policy that offers what is asked for, and the lines that do not hold.
#[derive(Debug, Serialize)]
pub struct NearMiss {
    /// The policy.
    pub policy: PolicyName,
    /// The lines that do not hold.
    pub lines: Vec<Line>,
}

/// A line that does not hold.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Where it stands: file and line.
    pub at: String,
    /// What it says.
    pub says: String,
    /// What the identity shows; absent when it shows nothing.
    pub saw: Option<String>,
    /// Whether what it shows may name a person.
    #[serde(skip)]
    pub(super) personal: bool,
}

/// Explains the decision over these facts.
pub fn explain(set: &PolicySet, facts: &Facts, wanted: &Wanted, now: UnixTime) -> Explanation {
    let decision = set.would_grant(facts, wanted, None, now);
    let mut near_misses: Vec<NearMiss> =
        set.policies().iter().filter_map(|policy| near_miss(policy, facts, wanted, now)).collect();
    near_misses.sort_by_key(|miss| miss.lines.len());
    near_misses.truncate(NEAR_MISSES_MAX);
    let (allowed_by, denied_because) = match decision {
        Ok(policy) => (Some(policy), None),
        Err(denial) => (None, Some(denial.cause)),
    };
    Explanation { wanted: wanted.to_string(), allowed_by, denied_because, near_misses }
}

/// The lines of this policy that do not hold, of the rule that comes nearest; `None` when it does not offer it, or grants it.
pub(super) fn near_miss(policy: &TrustPolicy, facts: &Facts, wanted: &Wanted, now: UnixTime) -> Option<NearMiss> {
    if policy.issuer != facts.issuer {
        return None;
    }
    let offering = policy.rules.iter().filter(|rule| rule.offer(wanted).is_some());
    let misses = offering.map(|rule| rule.misses(facts)).min_by_key(Vec::len)?;
    let mut lines: Vec<Line> = misses.iter().map(|miss| line(&policy.file, miss, facts)).collect();
    if lines.is_empty() && !policy.in_force(now) {
        let says = if policy.audit_only { "mode: audit" } else { "expires" };
        lines.push(Line { at: policy.file.clone(), says: says.to_owned(), saw: None, personal: false });
    }
    (!lines.is_empty()).then(|| NearMiss { policy: policy.name.clone(), lines })
}

fn line(file: &str, miss: &Miss<'_>, facts: &Facts) -> Line {
    match miss {
        Miss::Condition(condition) => Line {
            at: format!("{file}:{}", condition.place.line),
            says: condition.shown.clone(),
            saw: condition.saw(facts),
            personal: condition.is_personal(),
        },
        Miss::Unnamed(attribute) => Line {
            at: file.to_owned(),
            says: format!("no line names `{attribute}`, which is denied unless a policy does"),
            saw: facts.attribute(*attribute).map_or_else(|| "what cannot be read".to_owned(), ToString::to_string).into(),
            personal: false,
        },
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.allowed_by, &self.denied_because) {
            (Some(policy), _) => writeln!(f, "ALLOWED  {} by {policy}", self.wanted)?,
            (None, cause) => writeln!(f, "DENIED   {}: {}", self.wanted, plain(cause.as_deref().unwrap_or_default()))?,
        }
        if self.allowed_by.is_some() {
            return Ok(());
        }
        for miss in &self.near_misses {
            writeln!(f, "\n  {} would grant it, but", miss.policy)?;
            for line in &miss.lines {
                let saw = plain(line.saw.as_deref().unwrap_or("nothing: the token does not claim it"));
                writeln!(f, "    {:<34} {}\n    {:<34} saw {saw}", plain(&line.at), plain(&line.says), "")?;
            }
        }
        if self.near_misses.is_empty() {
            writeln!(f, "\n  No policy of this issuer offers it at all.")?;
        }
        Ok(())
    }
}
