//! Tests of policies: who may and who may not. Run by `policy test`, and before a file goes live; they ignore `expires`.

mod error;

use super::catalogue::{Catalogue, Tree};
use super::condition::possible::{Nobodys, check_facts};
use super::decide::PolicySet;
use super::file::TrustPolicy;
use super::miss::Line;
use super::sections::{SecretGrant, TransitGrant};
use crate::identity::{Attribute, Facts, Mapping, Presence, Value};
use crate::kind::{InTree, Target};
use crate::token::{Claims, parse_json};
use crate::words::UnixTime;
use crate::words::names::{IssuerName, PolicyName};
use crate::words::yaml::{Fields, Node, Place, Yaml};
use error::FactsError;
use serde::Serialize;
use std::sync::Arc;

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    allow: bool,
    claims_file: String,
    change: Vec<(Attribute, Option<String>)>,
    wanted: Target,
    /// Where it stands.
    pub place: Place,
}

/// How an expectation came out.
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
    /// The file of the claims that it is about.
    pub(super) fn claims_file(&self) -> &str {
        &self.claims_file
    }

    /// Reads a list of `allow:` and `deny:`.
    pub(super) fn read_list<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Vec<Self> {
        fields.one_or_many(node).iter().filter_map(|node| Self::read(fields, node)).collect()
    }

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Self> {
        let mut outer = fields.below(node);
        let (allow, deny) = (outer.optional("allow"), outer.optional("deny"));
        let (expected, body) = match (allow, deny) {
            (Some(body), None) => (true, body),
            (None, Some(body)) => (false, body),
            _ => {
                outer.fault(node.place, "a test is either `allow: …` or `deny: …`");
                return None;
            }
        };
        let mut inner = outer.below(body);
        let claims = inner.required("claims").and_then(|node| inner.text(node)).map(|name| format!("tests/{name}"));
        let change = inner.optional("change").map(|node| read_change(&mut inner, node)).unwrap_or_default();
        let wanted = inner.required("credential").and_then(|node| read_target(&mut inner, node));
        inner.finish();
        outer.finish();
        Some(Self { allow: expected, claims_file: claims?, change, wanted: wanted?, place: node.place })
    }

    /// Runs it over these policies. `issuer` is the policy's own; a saved `whoami` may name another.
    pub(super) fn run(
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
            set.would_grant(&facts, &self.wanted, None, now).map_err(|denial| {
                let near = if self.allow { nearest_miss(set, &facts, &self.wanted) } else { None };
                near.map_or_else(|| denial.cause.clone(), |near| format!("{}; {near}", denial.cause))
            })
        });
        self.outcome(file, verdict)
    }

    /// The same where it is refused if nobody could have what it denies. A file that is taken away keeps no policy from loading.
    pub(super) fn run_over_files(
        &self,
        file: &str,
        set: &PolicySet,
        issuer: Option<&IssuerName>,
        tree: &Tree,
        catalogue: &Catalogue,
    ) -> Outcome {
        match self.check_wanted(set, tree) {
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
            expected: format!("{verb} {} for {}", self.wanted, self.claims_file),
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

    /// What is to be denied has to be there, or to be granted to somebody once it is: else nobody could have it, whatever policies say.
    fn check_wanted(&self, set: &PolicySet, tree: &Tree) -> Result<(), FactsError> {
        let Some(wanted) = self.wanted.in_tree().filter(|_| !self.allow) else { return Ok(()) };
        let rules = || set.policies().iter().flat_map(|policy| &policy.rules);
        let (missing, name, granted) = match wanted {
            InTree::Document(path) => {
                let granted = rules().flat_map(|rule| rule.grants.of::<SecretGrant>());
                (
                    format!("secrets/{path}"),
                    path.as_str(),
                    granted.map(|grant| &grant.documents).any(|name| name.matches(path.as_str())),
                )
            }
            InTree::TransitKey(key) => {
                let granted = rules().flat_map(|rule| rule.grants.of::<TransitGrant>());
                (format!("transit/{key}/"), key.as_str(), granted.map(|grant| &grant.keys).any(|name| name.matches(key.as_str())))
            }
        };
        // What a further source has is in its own repository.
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
fn nearest_miss(set: &PolicySet, facts: &Facts, wanted: &Target) -> Option<String> {
    let policies = set.policies().iter().filter(|policy| policy.issuer == facts.issuer);
    let rules = policies.flat_map(|policy| policy.rules.iter().map(|rule| (&policy.file, rule)));
    let misses = rules.filter(|(_, rule)| rule.offer(wanted).is_some()).map(|(file, rule)| (file, rule.misses(facts)));
    let (file, nearest) = misses.min_by_key(|(_, misses)| misses.len())?;
    let lines: Vec<Line> = nearest.iter().map(|miss| miss.line(file, facts)).collect();
    (!lines.is_empty()).then(|| lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

/// Puts an attribute in the place of the one that the claims give; nothing takes it away.
fn change(facts: &mut Facts, attribute: Attribute, text: Option<&str>, mapping: &Mapping) -> Result<(), Nobodys> {
    facts.unreadable.remove(&attribute);
    facts.attributes.remove(&attribute);
    let Some(text) = text else {
        let is_optional = mapping.presence(attribute) != Presence::Always;
        return if is_optional { Ok(()) } else { Err(Nobodys::Lacking { attribute }) };
    };
    if text.is_empty() {
        return Err(Nobodys::Empty { attribute });
    }
    let value = match attribute {
        Attribute::RefProtected | Attribute::Fork | Attribute::SshSession => {
            Value::Flag(text.parse().map_err(|_| Nobodys::NoFlag { attribute, text: text.to_owned() })?)
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

fn read_change<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Vec<(Attribute, Option<String>)> {
    let mut inner = fields.below(node);
    let mut changes = Vec::new();
    for (key, place, node) in inner.members() {
        let Some(attribute) = Attribute::parse(key) else {
            inner.fault(*place, format!("`{key}` is no attribute"));
            continue;
        };
        let text = match &node.value {
            Yaml::Null => None,
            Yaml::Flag(flag) => Some(flag.to_string()),
            _ => inner.text(node).map(str::to_owned),
        };
        changes.push((attribute, text));
    }
    changes
}

/// A kind's word with what is asked for, such as `{ secret: NAME }`, or the word alone where policies choose.
pub(super) fn read_target<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Target> {
    if let Some(open) = node.as_text().and_then(|word| Target::parse(word).ok()) {
        return Some(open);
    }
    let mut inner = fields.below(node);
    let mut target = None;
    for (word, _) in Target::examples() {
        let read = inner.optional(word).and_then(|node| inner.parsed(node, |text| Target::question(word, text)));
        target = target.or(read);
    }
    inner.finish();
    if target.is_none() {
        fields.fault(node.place, format!("expected {}", Target::forms()));
    }
    target
}

/// Runs a policy's own tests against itself alone, as it is decided whether it loads: as if it were enforced.
pub(super) fn run_own(policy: &Arc<TrustPolicy>, tree: &Tree, catalogue: &Catalogue) -> Vec<Outcome> {
    own(policy, |expectation, set| expectation.run(&policy.file, set, Some(&policy.issuer), tree, catalogue))
}

/// The same, where what they deny has to be there.
pub(super) fn run_own_over_files(policy: &Arc<TrustPolicy>, tree: &Tree, catalogue: &Catalogue) -> Vec<Outcome> {
    own(policy, |expectation, set| expectation.run_over_files(&policy.file, set, Some(&policy.issuer), tree, catalogue))
}

fn own(policy: &Arc<TrustPolicy>, run: impl Fn(&Expectation, &PolicySet) -> Outcome) -> Vec<Outcome> {
    // They say what it decides once it is enforced, also while it is on trial.
    let mut enforced = TrustPolicy::clone(policy);
    enforced.audit_only = false;
    let set = PolicySet::new(vec![Arc::new(enforced)], Default::default(), None);
    policy.expectations.iter().map(|expectation| run(expectation, &set)).collect()
}
