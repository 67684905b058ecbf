//! Findings on secrets.

use crate::policy::lint::{LintContext, RuleContext};
use crate::policy::sections::SecretGrant;
use crate::words::yaml::{Fault, nearest};

pub(super) fn lint(rule: &RuleContext<'_>, look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let files: Vec<&str> = look.tree.keys().filter_map(|file| file.strip_prefix("secrets/")).collect();
    for grant in rule.rule.grants.of::<SecretGrant>() {
        if grant.kept.unauthenticated {
            let message = "whoever can write to the repository can change these values unseen, where they are not encrypted";
            let finding = rule.finding("unauthenticated_allowed", grant.place, message);
            found.push(finding.help("encrypt the values, or encrypt the files again without `mac_only_encrypted`"));
        }
        if grant.kept.history {
            let message = "this includes rotated values and deleted files, as far back as the source's `since`";
            let finding = rule.finding("history_allowed", grant.place, message);
            found.push(finding.help("name the one document whose history is needed, and remove old identities"));
        }
        let text = grant.documents.to_string();
        if text == "**" {
            found.push(
                rule.finding("every_secret", grant.place, "this grants every secret of the repository, including future ones")
                    .help("name a folder"),
            );
        } else if !grant.kept.history && !files.iter().any(|file| grant.documents.matches(file)) {
            // The linter does not see which files the history has.
            let mut finding = rule.finding("secret_missing", grant.place, format!("no file below secrets/ fits `{text}`"));
            if let Some(near) = nearest(&text, &files) {
                finding = finding.help(format!("did you mean `{near}`?"));
            }
            found.push(finding);
        }
    }
}
