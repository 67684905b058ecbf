//! Findings on uses of transit keys.

use crate::policy::lint::{LintContext, RuleContext};
use crate::policy::sections::TransitGrant;
use crate::words::TransitFile;
use crate::words::yaml::{Fault, nearest};

pub(super) fn lint(rule: &RuleContext<'_>, look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let keys: Vec<String> = TransitFile::among(look.tree).map(|file| file.key.to_string()).collect();
    for grant in rule.rule.grants.of::<TransitGrant>() {
        let text = grant.keys.to_string();
        if text == "**" {
            found.push(
                rule.finding(
                    "every_transit_key",
                    grant.place,
                    "this grants every transit key of the repository, including future ones",
                )
                .help("name a key"),
            );
        } else if !keys.iter().any(|key| grant.keys.matches(key)) {
            let message = format!("no key below transit/ fits `{text}`");
            let finding = rule.finding("transit_missing", grant.place, message);
            let known: Vec<&str> = keys.iter().map(String::as_str).collect();
            found.push(match nearest(&text, &known) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("`daypass transit create {text}` makes one")),
            });
        }
    }
}
