//! Findings on what a policy grants. Those on what one section grants have a module of its name.

mod aws;
mod id_token;
mod secrets;
mod transit;

use super::{LintContext, RuleContext};
use crate::identity::Attribute;
use crate::policy::condition::{Condition, Single, Test};
use crate::words::yaml::Fault;

/// Adds findings on what a rule grants by one section.
type LintSection = fn(&RuleContext<'_>, &LintContext<'_>, &mut Vec<Fault>);

/// The sections with findings for which an entry alone is not enough, because they are about the files, or about all entries of a
/// rule. Findings at the same place are reported in this order.
const SECTIONS: [LintSection; 4] = [id_token::lint, aws::lint, secrets::lint, transit::lint];

pub(super) fn lint(rule: &RuleContext<'_>, look: &LintContext<'_>, found: &mut Vec<Fault>) {
    for lint in SECTIONS {
        lint(rule, look, found);
    }
    own_repository(rule, look, found);
    for entry in rule.rule.grants.entries() {
        let findings = entry.findings().into_iter();
        found.extend(findings.map(|(code, message, help)| rule.finding(code, entry.place(), message).help(help)));
    }
}

/// Reports jobs of the repository that holds the policies: whoever runs one may come close to changing what is granted.
fn own_repository(rule: &RuleContext<'_>, look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let Some(own) = look.own_repository.filter(|_| rule.writes()) else { return };
    let named = |line: &Condition, name: &str| match &line.test {
        Test::Any(singles) => singles.iter().any(|single| match single {
            Single::Text(pattern) => pattern.matches_folded(name),
            Single::Id { name: other, .. } => other.eq_ignore_ascii_case(name),
            Single::Json(_) => false,
        }),
        Test::Not(_) => false,
    };
    let owner = own.rsplit_once('/').map_or(own, |(owner, _)| owner);
    let lines = [(Attribute::Repository, own), (Attribute::RepositoryName, own), (Attribute::Owner, owner)];
    let first = lines.iter().find_map(|(attribute, name)| Some((rule.line(*attribute)?, name)));
    if let Some((line, _)) = first.filter(|(line, name)| named(line, name)) {
        let message = format!("jobs of {own}, which holds these policies, get a role or a token");
        found.push(
            rule.finding("own_repository", line.place, message)
                .help("deploy from another repository: a job of this one could help to change what is granted"),
        );
    }
}
