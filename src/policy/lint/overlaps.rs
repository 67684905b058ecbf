//! The same credential by several policies: on other terms, or by a policy that a wider one makes superfluous.

mod secrets;
mod transit;

use super::LintContext;
use crate::kind::Target;
use crate::policy::access::{Permit, overlap, permits, within};
use crate::words::yaml::Fault;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

pub(super) fn lint(look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let policies = look.ruleset.set().policies();
    let named = policies.iter().flat_map(|policy| &policy.rules).flat_map(|rule| rule.grants.named());
    let named: BTreeSet<Target> = named.chain(transit::uses(look)).collect();
    for target in &named {
        for (permit, other, example) in pairs(look, target) {
            found.extend(on_other_terms(&permit, &other, &example).or_else(|| shadowed(look, target, &permit, &other, example)));
        }
    }
    // An entry for secrets names a pattern, so who grants less of it than another cannot be seen by one of its documents.
    for target in &secrets::on_several_terms(look) {
        found.extend(pairs(look, target).iter().filter_map(|(permit, other, example)| on_other_terms(permit, other, example)));
    }
}

/// Every two policies of one issuer that grant it to the same job, with that job's claims.
fn pairs<'a>(look: &LintContext<'a>, target: &Target) -> Vec<(Permit<'a>, Permit<'a>, Map<String, Value>)> {
    let granted = permits(look.ruleset, look.catalogue, target, look.now);
    let earlier = |number| granted[..number].iter();
    let both = granted.iter().enumerate().flat_map(|(number, permit)| earlier(number).map(move |other| (permit, other)));
    both.filter(|(permit, other)| other.policy.issuer == permit.policy.issuer && other.policy.name != permit.policy.name)
        .filter_map(|(permit, other)| Some((permit.clone(), other.clone(), overlap(permit, other, look.catalogue)?)))
        .collect()
}

fn finding(permit: &Permit<'_>, code: &'static str, message: String) -> Fault {
    Fault::new(&permit.policy.file, permit.place, message).warning(code)
}

fn on_other_terms<'a>(permit: &Permit<'a>, other: &Permit<'a>, example: &Map<String, Value>) -> Option<Fault> {
    if permit.terms == other.terms {
        return None;
    }
    let message = format!(
        "{} grants the same to the same job on other terms, so neither is given unless the job names one",
        other.policy.name
    );
    let found = finding(permit, "overlapping_grant", message).help("make the terms equal, or separate the identities");
    Some(found.showing(Some(example.clone())))
}

fn shadowed<'a>(
    look: &LintContext<'_>,
    target: &Target,
    permit: &Permit<'a>,
    other: &Permit<'a>,
    example: Map<String, Value>,
) -> Option<Fault> {
    if !permit.grants_only(target) || !within(permit, other, look.catalogue) {
        return None;
    }
    let message = format!("everybody whom this lets in is let in by {} already", other.policy.name);
    let found = finding(permit, "shadowed", message).help("delete the narrower one, or narrow the wider one");
    Some(found.showing(Some(example)))
}
