//! The bounds of a further source: `allowed` in its definition, in the root repository. What is not listed there is denied.

use super::catalogue::Catalogue;
use super::condition::{Condition, Effect};
use super::file::{Rule, TrustPolicy, read_conditions};
use super::guardrail::DeniedTargets;
use super::sections;
use crate::token::parse_session_lifetime;
use crate::words::duration_text;
use crate::words::names::{IssuerName, PolicyName, SourceName};
use crate::words::yaml::{Fault, Fields, Node, Place};
use std::sync::Arc;
use std::time::Duration;

/// The place of a fault that concerns the whole file.
const FIRST_LINE: Place = Place { line: 1, column: 1 };

/// The bounds of one source.
#[derive(Clone, PartialEq, Debug)]
pub struct Bounds {
    source: SourceName,
    issuers: Vec<IssuerName>,
    conditions: Vec<Condition>,
    grants: DeniedTargets,
    session_max: Option<Duration>,
    place: Place,
}

impl Bounds {
    /// Reads only `allowed` from the definition of a further source: policies can be checked without the server's other files.
    pub fn of_definition(source: &SourceName, file: &str, bytes: &[u8], catalogue: &Catalogue) -> Result<Self, Vec<Fault>> {
        let node = Node::parse(file, bytes).map_err(|fault| vec![fault])?;
        let (text, mut faults) = (String::from_utf8_lossy(bytes), Vec::new());
        let mut fields = Fields::new(file, &text, &node, &mut faults);
        let bounds = fields.required("allowed").map(|node| Self::read(&mut fields, node, source, catalogue));
        bounds.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// A finding for each bound that none of these policies uses: bounds should be no wider than needed.
    pub fn unused(&self, file: &str, policies: &[Arc<TrustPolicy>]) -> Vec<Fault> {
        let issuers = self.issuers.iter().filter(|issuer| !policies.iter().any(|policy| policy.issuer == **issuer));
        let is_used =
            |only: &DeniedTargets| policies.iter().flat_map(|policy| &policy.rules).any(|rule| only.meets(&rule.grants));
        let patterns = self.grants.patterns().filter(|(_, only)| !is_used(only));
        let unused = self.session_max.filter(|_| policies.iter().all(|policy| policy.session.is_none()));
        let session = unused.map(|_| "`session_max`".to_owned());
        let names = issuers
            .map(|issuer| format!("the issuer `{issuer}`"))
            .chain(patterns.map(|(pattern, _)| format!("`{pattern}`")))
            .chain(session);
        let finding = |what: String| {
            let message = format!("no policy of the source uses {what}");
            Fault::new(file, self.place, message).warning("bound_unused").help("take it out until somebody needs it")
        };
        names.map(finding).collect()
    }

    /// A fault for everything in these policies that lies outside, as many as are kept of each.
    pub fn outside(&self, policies: &[Arc<TrustPolicy>]) -> Vec<Fault> {
        policies.iter().flat_map(|policy| self.faults(policy)).collect()
    }

    /// Reads `allowed`; an issuer that is not configured is a fault.
    pub fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, source: &SourceName, catalogue: &Catalogue) -> Self {
        let mut inner = fields.below(node);
        let mut issuers = Vec::new();
        if let Some(list) = inner.required("issuers") {
            for node in inner.one_or_many(list) {
                match inner.parsed(node, IssuerName::parse) {
                    Some(issuer) if catalogue.issuer(&issuer).is_none() => {
                        inner.fault(node.place, format!("no issuer `{issuer}` is configured"));
                    }
                    issuer => issuers.extend(issuer),
                }
            }
        }
        let matches = inner.optional("match");
        let mappings: Vec<_> = issuers.iter().filter_map(|name| Some(catalogue.issuer(name)?.mapping.clone())).collect();
        let conditions = read_conditions(&mut inner, matches, None, (None, &mappings, Effect::Grants));
        let grants = inner.optional("grant").map(|node| Self::read_grants(&mut inner, node)).unwrap_or_default();
        let session_max = inner.optional("session_max").and_then(|node| inner.parsed(node, parse_session_lifetime));
        inner.finish();
        Self { source: source.clone(), issuers, conditions, grants, session_max, place: node.place }
    }

    fn read_grants<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> DeniedTargets {
        let mut inner = fields.below(node);
        for (own, name) in sections::own() {
            if let Some(node) = inner.optional(own) {
                inner.fault(node.place, format!("a source grants its own {name} alone: leave `{own}` out"));
            }
        }
        let grants = DeniedTargets::read(&mut inner);
        inner.finish();
        grants
    }

    fn faults(&self, policy: &TrustPolicy) -> Vec<Fault> {
        let source = &self.source;
        let fault = |place, message: String| {
            Fault::new(&policy.file, place, message)
                .coded("outside_bounds")
                .help(format!("its bounds stand in sources/{source}.yaml of the root repository"))
        };
        if !self.issuers.contains(&policy.issuer) {
            return vec![fault(FIRST_LINE, format!("the source `{source}` may not name the issuer `{}`", policy.issuer))];
        }
        let too_long = (policy.session > self.session_max).then(|| {
            let most = self.session_max.map_or_else(|| "at all".to_owned(), |most| format!("beyond {}", duration_text(most)));
            fault(FIRST_LINE, format!("the source `{source}` may let no session outlive its token {most}"))
        });
        let granted = policy
            .rules
            .iter()
            .flat_map(|rule| rule.grants.named().filter_map(|target| rule.offer(&target).map(|(place, _)| (place, target))));
        let granted = granted.filter(|(_, target)| !self.grants.holds(target));
        let granted = granted.map(|(place, target)| fault(place, format!("the source `{source}` may not grant {target}")));
        let used = policy.rules.iter().flat_map(|rule| rule.grants.between());
        let used = used.filter(|(_, target)| !self.grants.holds(target));
        let used = used.map(|(place, target)| fault(place, format!("the source `{source}` may not use {target}")));
        let mut before = None;
        let is_new = |fault: &Fault| before.replace(fault.message.clone()).is_none_or(|before| before != fault.message);
        Fault::kept(too_long.into_iter().chain(granted).chain(used).filter(is_new))
    }
}

/// A fault for everything in a policy that lies outside of its source's bounds, as many as are kept.
pub(super) fn faults(policy: &TrustPolicy, bounds: &[Arc<Bounds>]) -> Vec<Fault> {
    Fault::kept(bounds.iter().flat_map(|bounds| bounds.faults(policy)))
}

/// The policy under its own name, with the conditions of the bounds added: it matches only identities within the bounds.
pub(super) fn within(policy: &TrustPolicy, bounds: &[Arc<Bounds>], catalogue: &Catalogue) -> Result<TrustPolicy, Vec<Fault>> {
    let outside = faults(policy, bounds);
    if !outside.is_empty() {
        return Err(outside);
    }
    let issuer = catalogue.issuer(&policy.issuer).ok_or_else(|| single_fault(policy, "its issuer is gone"))?;
    let lines = bounds.iter().flat_map(|bounds| bounds.conditions.clone());
    let lines: Vec<Condition> = lines.map(|line| line.read_by(&issuer.mapping)).collect();
    let rules = policy
        .rules
        .iter()
        .map(|rule| Rule { conditions: rule.conditions.iter().chain(&lines).cloned().collect(), ..rule.without_conditions() });
    let rules = rules.collect();
    let mut narrowed = policy.clone();
    narrowed.rules = rules;
    Ok(narrowed)
}

fn single_fault(policy: &TrustPolicy, message: impl std::fmt::Display) -> Vec<Fault> {
    vec![Fault::new(&policy.file, FIRST_LINE, message)]
}

/// The policy as it is in force beside those of other sources. The source's name is a prefix of its name, its secrets and its transit
/// keys, and it matches only identities within the bounds.
pub(super) fn place(policy: &TrustPolicy, bounds: &[Arc<Bounds>], catalogue: &Catalogue) -> Result<TrustPolicy, Vec<Fault>> {
    let mut placed = within(policy, bounds, catalogue)?;
    let source =
        bounds.first().map(|bounds| &bounds.source).ok_or_else(|| single_fault(policy, "a further source needs bounds"))?;
    let name = PolicyName::parse(&format!("{source}/{}", policy.name)).map_err(|fault| single_fault(policy, fault))?;
    for rule in &mut placed.rules {
        rule.grants = rule.grants.below(source.as_str());
    }
    (placed.source, placed.name, placed.file) = (source.clone(), name, format!("{source}:{}", policy.file));
    Ok(placed)
}

#[cfg(test)]
mod tests;
