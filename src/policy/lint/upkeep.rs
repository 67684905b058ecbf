//! Findings on owners, tests and expiry, and on accepted findings.

use super::LintContext;
use crate::policy::file::TrustPolicy;
use crate::words::yaml::{Fault, Place, Severity};
use std::time::Duration;

/// Time to renew before jobs fail.
const EXPIRY_NOTICE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Where forges look for code owners.
const CODEOWNERS: [&str; 3] = ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"];

pub(super) fn lint(policy: &TrustPolicy, look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let top = Place { line: 1, column: 1 };
    let mut add = |code, message: String, help: &str| found.push(Fault::new(&policy.file, top, message).warning(code).help(help));
    match policy.expires {
        Some(at) if at <= look.now => {
            add("expired", format!("it expired {at} and grants nothing"), "delete it, or renew `expires`")
        }
        Some(at) if at.since(look.now) < EXPIRY_NOTICE => {
            add("expiring", format!("it expires {at}; its jobs will be denied"), "renew `expires` in time")
        }
        Some(_) | None => {}
    }
    if let Some(rows) = policy.empty_rows() {
        add(
            "no_rows",
            format!("`{rows}` has no row, so it grants nothing"),
            "write a row such as `- { name: web }`, or delete the policy",
        );
    }
    if policy.owners.is_empty() {
        add("no_owner", "nobody answers for it".to_owned(), "name `owners`: `policy diff` tells them what to approve");
    }
    if policy.expectations.is_empty() {
        add(
            "no_tests",
            "nothing tests it".to_owned(),
            "save `daypass whoami --output json` below tests/, and say who may and who may not",
        );
    }
    if !policy.described {
        add("no_description", "it does not say what it is for".to_owned(), "add a `description` of one sentence");
    }
    if policy.audit_only {
        add(
            "audit_mode",
            "it is decided and logged, and grants nothing".to_owned(),
            "take `mode: audit` out when the log shows what you expect",
        );
    }
    if let Some(listed) = CODEOWNERS.iter().find_map(|file| look.tree.get(*file)) {
        let listed = String::from_utf8_lossy(listed);
        let known = |owner: &str| {
            listed
                .split_whitespace()
                .any(|word| word.rsplit(['@', '/']).next() == Some(owner.rsplit(['@', '/']).next().unwrap_or(owner)))
        };
        for owner in policy.owners.iter().filter(|owner| !known(owner)) {
            add(
                "owner_unknown",
                format!("`{owner}` is not in CODEOWNERS, so the forge asks nobody"),
                "add the team there for this folder",
            );
        }
    }
}

/// Removes the findings that a policy accepts, and reports what it accepts without a finding: a reason that is left over would cover
/// the next finding of its kind. No file can accept a code that the caller denies.
pub(super) fn accept(look: &LintContext<'_>, denied: &[String], found: &mut Vec<Fault>) {
    for policy in look.ruleset.set().policies().iter().filter(|policy| !policy.accepted.is_empty()) {
        for accepted in &policy.accepted {
            let before = found.len();
            let is_it = |fault: &Fault| {
                fault.file.exact() == &*policy.file && fault.code == accepted.code && fault.severity == Severity::Warning
            };
            let is_denied = denied.iter().any(|code| code == accepted.code);
            if is_denied && found.iter().any(is_it) {
                continue;
            }
            found.retain(|fault| !is_it(fault));
            if found.len() == before {
                let message = format!("it accepts `{}`, and there is no such finding in it", accepted.code);
                let unused = Fault::new(&policy.file, accepted.place, message).warning("accepted_unused");
                found.push(unused.help("take it out"));
            }
        }
    }
}
