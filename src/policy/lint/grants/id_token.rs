//! Findings on tokens of our own issuer.

use crate::policy::lint::{LintContext, RuleContext};
use crate::policy::sections::IdTokenGrant;
use crate::words::yaml::Fault;
use std::time::Duration;

/// A token is used at once.
const TOKEN_USUAL_MAX: Duration = Duration::from_secs(15 * 60);

pub(super) fn lint(rule: &RuleContext<'_>, _: &LintContext<'_>, found: &mut Vec<Fault>) {
    for token in rule.rule.grants.of::<IdTokenGrant>().filter(|token| token.ttl > TOKEN_USUAL_MAX) {
        let message = format!("whoever finds a token of {} minutes can use it", token.ttl.as_secs() / 60);
        found.push(rule.finding("long_token", token.place, message).help("10m is enough to use it"));
    }
}
