//! The same credential by several policies, or by several rows of one: on other terms, or by a policy that a wider one makes superfluous.

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

/// Every two policies of one issuer that grant it to the same job, with that job's claims. Of a policy's own rows each is there once, with
/// the first that grants it on other terms.
fn pairs<'a>(look: &LintContext<'a>, target: &Target) -> Vec<(Permit<'a>, Permit<'a>, Map<String, Value>)> {
    let granted = permits(look.ruleset, look.catalogue, target, look.now);
    let mut found = Vec::new();
    for (number, permit) in granted.iter().enumerate() {
        let of_issuer = granted[..number].iter().filter(|other| other.policy.issuer == permit.policy.issuer);
        let (rows, others): (Vec<_>, Vec<_>) = of_issuer.partition(|other| other.policy.name == permit.policy.name);
        let both = |other: &Permit<'a>| Some((permit.clone(), other.clone(), overlap(permit, other, look.catalogue)?));
        found.extend(others.into_iter().filter_map(both));
        found.extend(rows.into_iter().filter(|other| other.terms != permit.terms).find_map(both));
    }
    found
}

fn finding(permit: &Permit<'_>, code: &'static str, message: String) -> Fault {
    Fault::new(&permit.policy.file, permit.place, message).warning(code)
}

fn on_other_terms<'a>(permit: &Permit<'a>, other: &Permit<'a>, example: &Map<String, Value>) -> Option<Fault> {
    if permit.terms == other.terms {
        return None;
    }
    let message = match other.policy.name == permit.policy.name {
        true => format!(
            "{} grant the same to the same job on different terms, so neither is given: no job can name a row",
            rows(other, permit)
        ),
        false => format!(
            "{} grants the same to the same job on other terms, so neither is given unless the job names one",
            other.policy.name
        ),
    };
    let found = finding(permit, "overlapping_grant", message).help("make the terms equal, or separate the identities");
    Some(found.showing(Some(example.clone())))
}

fn rows(one: &Permit<'_>, other: &Permit<'_>) -> String {
    let named = one.row.zip(other.row).map(|(one, other)| format!("its rows `{one}` and `{other}`"));
    named.unwrap_or_else(|| "two of its rows".to_owned())
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
