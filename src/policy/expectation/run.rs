//! Runs the tests of policies.

use super::Expectation;
use super::error::FactsError;
use crate::identity::{Attribute, Facts, Mapping, Presence, Value};
use crate::kind::{Committed, Target};
use crate::policy::catalogue::{Catalogue, Tree};
use crate::policy::condition::possible::{ImpossibleFacts, check_facts};
use crate::policy::decide::PolicySet;
use crate::policy::file::TrustPolicy;
use crate::policy::miss::Line;
use crate::policy::sections::Entry;
use crate::token::{Claims, parse_json};
use crate::words::UnixTime;
use crate::words::names::{IssuerName, PolicyName};
use serde::Serialize;
use std::sync::Arc;

/// The result of an expectation.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// File and line of the expectation.
    pub at: String,
    /// What was expected, in words.
    pub expected: String,
    /// Whether it holds.
    pub holds: bool,
    /// Why not.
    pub why: Option<String>,
}

impl Expectation {
    /// Runs it over these policies. `issuer` is the policy's own; a saved `whoami` may name another.
    pub(in crate::policy) fn run(
        &self,
        file: &str,
        set: &PolicySet,
        issuer: Option<&IssuerName>,
        tree: &Tree,
        catalogue: &Catalogue,
    ) -> Outcome {
        let facts = self.facts(issuer, tree, catalogue);
        let now = UnixTime::from_seconds(0);
        let verdict = facts.map(|facts| {
            set.would_grant(&facts, &self.target, None, now).map_err(|denial| {
                let near = if self.allow { nearest_miss(set, &facts, &self.target) } else { None };
                near.map_or_else(|| denial.cause.clone(), |near| format!("{}; {near}", denial.cause))
            })
        });
        self.outcome(file, verdict)
    }

    /// The same, but a test fails if it denies something that does not exist. Loading does not use this: the deletion of a file must not keep
    /// a policy from loading.
    pub(in crate::policy) fn run_over_files(
        &self,
        file: &str,
        set: &PolicySet,
        issuer: Option<&IssuerName>,
        tree: &Tree,
        catalogue: &Catalogue,
    ) -> Outcome {
        match self.check_target(set, tree) {
            Ok(()) => self.run(file, set, issuer, tree, catalogue),
            Err(fault) => self.outcome(file, Err(fault)),
        }
    }

    fn outcome(&self, file: &str, verdict: Result<Result<PolicyName, String>, FactsError>) -> Outcome {
        let (holds, why) = match verdict {
            Err(fault) => (false, Some(fault.to_string())),
            Ok(Ok(policy)) => (self.allow, (!self.allow).then(|| format!("allowed by {policy}"))),
            Ok(Err(cause)) => (!self.allow, self.allow.then_some(cause)),
        };
        let verb = if self.allow { "allow" } else { "deny" };
        Outcome {
            at: format!("{file}:{}", self.place.line),
            expected: format!("{verb} {} for {}", self.target, self.claims_file),
            holds,
            why,
        }
    }

    fn facts(&self, issuer: Option<&IssuerName>, tree: &Tree, catalogue: &Catalogue) -> Result<Facts, FactsError> {
        let file = &self.claims_file;
        let bytes = tree.get(file).ok_or_else(|| FactsError::NoFile { file: file.clone() })?;
        let document = parse_json(bytes).map_err(|fault| FactsError::Json { file: file.clone(), fault })?;
        let saved_issuer = document.get("issuer").and_then(|name| IssuerName::parse(name.as_str()?).ok());
        let issuer = saved_issuer.as_ref().or(issuer).ok_or(FactsError::NoIssuer)?;
        let claims = document.get("claims").unwrap_or(&document).as_object().ok_or(FactsError::NoObject)?;
        let entry = catalogue.issuer(issuer).ok_or_else(|| FactsError::UnknownIssuer { issuer: issuer.clone() })?;
        if let Some(iss) = claims.get("iss").filter(|iss| iss.as_str() != Some(entry.url.as_str())) {
            return Err(FactsError::OtherIssuer { issuer: issuer.clone(), url: entry.url.clone(), iss: iss.to_string() });
        }
        let mut facts = entry.mapping.facts(issuer, Claims::from(claims.clone()))?;
        for (attribute, value) in &self.change {
            change(&mut facts, *attribute, value.as_deref(), &entry.mapping)?;
        }
        check_facts(&entry.mapping, &facts)?;
        Ok(facts)
    }

    /// Checks that what the test denies exists, or that a policy would grant it if it existed. Else nobody could have it, whatever the policies
    /// say.
    fn check_target(&self, set: &PolicySet, tree: &Tree) -> Result<(), FactsError> {
        let current = self.target.committed().and_then(Committed::current);
        let Some(in_tree) = current.filter(|_| !self.allow) else { return Ok(()) };
        let (name, missing) = (in_tree.name(), in_tree.to_string());
        let entries = set.policies().iter().flat_map(|policy| &policy.rules).flat_map(|rule| rule.grants.entries());
        let entries = entries.filter(|entry| entry.word() == self.target.section());
        let granted = entries.filter_map(Entry::filed).any(|filed| filed.pattern.matches(name));
        // Documents and keys of a further source are in its own repository.
        let first = name.split('/').next().unwrap_or_default();
        let is_it = |file: &String| *file == missing || (missing.ends_with('/') && file.starts_with(&missing));
        let is_there = tree.range(missing.clone()..).next().is_some_and(|(file, _)| is_it(file));
        if granted || is_there || tree.contains_key(&format!("sources/{first}.yaml")) {
            return Ok(());
        }
        Err(FactsError::NotThere { missing })
    }
}

/// The lines that keep the nearest policy from granting it, in one sentence.
fn nearest_miss(set: &PolicySet, facts: &Facts, target: &Target) -> Option<String> {
    let policies = set.policies().iter().filter(|policy| policy.issuer == facts.issuer);
    let rules = policies.flat_map(|policy| policy.rules.iter().map(|rule| (&policy.file, rule)));
    let misses = rules.filter(|(_, rule)| rule.offer(target).is_some()).map(|(file, rule)| (file, rule.misses(facts)));
    let (file, nearest) = misses.min_by_key(|(_, misses)| misses.len())?;
    let lines: Vec<Line> = nearest.iter().map(|miss| miss.line(file, facts)).collect();
    (!lines.is_empty()).then(|| lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

/// Replaces an attribute of the claims; without a text it removes the attribute.
fn change(facts: &mut Facts, attribute: Attribute, text: Option<&str>, mapping: &Mapping) -> Result<(), ImpossibleFacts> {
    facts.unreadable.remove(&attribute);
    facts.garbled.remove(&attribute);
    facts.attributes.remove(&attribute);
    let Some(text) = text else {
        let is_optional = mapping.presence(attribute) != Presence::Always;
        return if is_optional { Ok(()) } else { Err(ImpossibleFacts::Lacking { attribute }) };
    };
    if text.is_empty() {
        return Err(ImpossibleFacts::Empty { attribute });
    }
    let value = match attribute {
        Attribute::RefProtected | Attribute::Fork | Attribute::SshSession => {
            Value::Flag(text.parse().map_err(|_| ImpossibleFacts::NoFlag { attribute, text: text.to_owned() })?)
        }
        _ if mapping.has_id(attribute) => match text.rsplit_once('@') {
            Some((name, id)) => Value::Named { name: name.to_owned(), id: Some(id.to_owned()) },
            None => Value::Named { name: text.to_owned(), id: None },
        },
        _ => Value::Text(text.to_owned()),
    };
    facts.attributes.insert(attribute, value);
    Ok(())
}

/// Runs a policy's own tests against this policy only, as if it were enforced. The result decides whether it loads.
pub(in crate::policy) fn run_own(policy: &Arc<TrustPolicy>, tree: &Tree, catalogue: &Catalogue) -> Vec<Outcome> {
    own(policy, |expectation, set| expectation.run(&policy.file, set, Some(&policy.issuer), tree, catalogue))
}

/// The same, but what the tests deny has to exist.
pub(in crate::policy) fn run_own_over_files(policy: &Arc<TrustPolicy>, tree: &Tree, catalogue: &Catalogue) -> Vec<Outcome> {
    own(policy, |expectation, set| expectation.run_over_files(&policy.file, set, Some(&policy.issuer), tree, catalogue))
}

fn own(policy: &Arc<TrustPolicy>, run: impl Fn(&Expectation, &PolicySet) -> Outcome) -> Vec<Outcome> {
    // The tests say what the policy decides once it is enforced, also while its mode is `audit`.
    let mut enforced = TrustPolicy::clone(policy);
    enforced.audit_only = false;
    let set = PolicySet::new(vec![Arc::new(enforced)], Default::default(), None);
    policy.expectations.iter().map(|expectation| run(expectation, &set)).collect()
}
