//! Findings on policies together, on guardrails, and on fixtures.

use super::LintContext;
use crate::policy::condition::{Single, Test};
use crate::policy::file::TrustPolicy;
use crate::words::yaml::{Fault, Place};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn lint(look: &LintContext<'_>, found: &mut Vec<Fault>) {
    names(look, found);
    idle_guardrails(look, found);
    silent_guardrails(look, found);
    undocumented_guardrails(look, found);
    unused_fixtures(look, found);
}

/// An id with two names, or a name with two ids: one of them is stale.
fn names(look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let mut by_id: BTreeMap<(&str, &str), (&str, &TrustPolicy)> = BTreeMap::new();
    let mut by_name: BTreeMap<(&str, &str), (&str, &TrustPolicy)> = BTreeMap::new();
    for policy in look.ruleset.set().policies() {
        let conditions = policy.rules.iter().flat_map(|rule| &rule.conditions);
        for condition in conditions {
            let (Test::Any(singles) | Test::Not(singles)) = &condition.test;
            for single in singles {
                let Single::Id { name, id } = single else { continue };
                let issuer = policy.issuer.as_str();
                let (other, elsewhere) = *by_id.entry((issuer, id)).or_insert((name, policy));
                if !other.eq_ignore_ascii_case(name) {
                    let message = format!("`{name}@{id}` is called `{other}` in {}; the id decides", elsewhere.file);
                    found.push(
                        Fault::new(&policy.file, condition.place, message)
                            .warning("stale_name")
                            .help("write the same name in both"),
                    );
                }
                let (other, elsewhere) = *by_name.entry((issuer, name)).or_insert((id, policy));
                if other != id {
                    let message = format!("`{name}` has the id {other} in {}: one of them is another repository", elsewhere.file);
                    found.push(
                        Fault::new(&policy.file, condition.place, message)
                            .warning("id_conflict")
                            .help("`daypass whoami` in a job shows the id"),
                    );
                }
            }
        }
    }
}

fn idle_guardrails(look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let set = look.ruleset.set();
    for denial in set.guardrails().listed() {
        let bitten = |policy: &TrustPolicy| {
            denial.issuers.contains(&&policy.issuer) && policy.rules.iter().any(|rule| denial.overlaps(&rule.grants))
        };
        let idle = |place, message| {
            let finding = Fault::new("guardrails.yaml", place, message).warning("guardrail_idle");
            finding.help("look for a typing mistake in what it denies")
        };
        if !set.policies().iter().any(|policy| bitten(policy)) {
            found.push(idle(denial.place, format!("no policy grants anything that `{}` denies", denial.description)));
            continue;
        }
        let concerned = set.policies().iter().filter(|policy| denial.issuers.contains(&&policy.issuer));
        let granted: Vec<_> = concerned.flat_map(|policy| policy.rules.iter().map(|rule| &rule.grants)).collect();
        found.extend(denial.idle(&granted).map(|(pattern, place)| {
            idle(place, format!("no policy grants anything that `{pattern}` of `{}` denies", denial.description))
        }));
    }
}

/// Denials for every issuer that deny nothing of some issuers, because these never claim what the denial tests.
fn silent_guardrails(look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let mut by_place: BTreeMap<Place, Vec<String>> = BTreeMap::new();
    let silent = look.ruleset.set().guardrails().silent();
    for one in silent {
        by_place.entry(one.place).or_default().push(format!("{} (`{}`)", one.issuer, one.attribute));
    }
    for (place, issuers) in by_place {
        let description = silent.iter().find(|one| one.place == place).map_or("", |one| one.description.as_str());
        let message = format!("`{description}` denies nothing of issuers that never claim what it tests: {}", issuers.join(", "));
        found.push(
            Fault::new("guardrails.yaml", place, message)
                .warning("guardrail_silent")
                .help("name the issuer that is meant, in a denial for each; deny to the others by what they claim"),
        );
    }
}

/// Lines of a denial on a claim that none of its issuers is documented to have. If the claim is a mistake, nothing is denied.
fn undocumented_guardrails(look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let mut lines: BTreeMap<(Place, &str), Vec<&str>> = BTreeMap::new();
    let mut known: BTreeSet<(Place, &str)> = BTreeSet::new();
    for (place, issuer, pointer) in look.ruleset.set().guardrails().claims() {
        let Some(entry) = look.catalogue.issuer(issuer) else { continue };
        if entry.mapping.knows_claim(pointer) || !entry.mapping.lists_claims() {
            known.insert((place, pointer));
        } else {
            lines.entry((place, pointer)).or_default().push(entry.mapping.name());
        }
    }
    for ((place, pointer), mut mappings) in lines.into_iter().filter(|(line, _)| !known.contains(line)) {
        mappings.dedup();
        let message = format!(
            "no token of the mapping {} is documented to claim `{pointer}`: if none has it, the denial never holds",
            mappings.join(", ")
        );
        let finding = Fault::new("guardrails.yaml", place, message).warning("guardrail_undocumented");
        found.push(
            finding.help(
                "look for a typing mistake; `daypass policy explain --claims` with a job's own claims shows whether it holds",
            ),
        );
    }
}

fn unused_fixtures(look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let used: BTreeSet<&str> = look
        .ruleset
        .set()
        .policies()
        .iter()
        .flat_map(|policy| policy.expectations.iter().map(|expectation| expectation.claims_file()))
        .collect();
    // What a faulty policy tests can only be found in its text.
    let unread: BTreeSet<&str> = look.ruleset.other_forms().map(|(file, _)| file).collect();
    let listed: Vec<String> = look
        .tree
        .iter()
        .filter(|(file, _)| file.ends_with(".yaml") && (file.starts_with("tests/") || unread.contains(file.as_str())))
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    for file in look.tree.keys().filter(|file| file.starts_with("tests/") && file.ends_with(".json")) {
        let name = file.trim_start_matches("tests/");
        if !used.contains(file.as_str()) && !listed.iter().any(|text| text.contains(name)) {
            let place = Place { line: 1, column: 1 };
            found.push(
                Fault::new(file, place, "no test uses these claims")
                    .warning("fixture_unused")
                    .help("add a test that does, or delete the file"),
            );
        }
    }
}
