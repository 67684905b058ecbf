//! Findings on what a policy grants.

use super::{LintContext, RuleContext};
use crate::identity::Attribute;
use crate::policy::condition::{Condition, Single, Test};
use crate::policy::sections::{AwsGrant, IdTokenGrant, SecretGrant, TransitGrant};
use crate::words::TransitFile;
use crate::words::yaml::Fault;
use std::time::Duration;

/// A deployment takes minutes; what lives longer is worth stealing.
const SESSION_USUAL_MAX: Duration = Duration::from_secs(3600);
/// SDKs renew a session 10 (boto3) or 15 minutes (Java, .NET) before its end. At least half of a session should pass before.
const SESSION_USUAL_MIN: Duration = Duration::from_secs(30 * 60);
/// A token is used at once.
const TOKEN_USUAL_MAX: Duration = Duration::from_secs(15 * 60);

pub(super) fn lint(rule: &RuleContext<'_>, look: &LintContext<'_>, found: &mut Vec<Fault>) {
    let grants = &rule.rule.grants;
    for aws in grants.of::<AwsGrant>().filter(|aws| aws.ttl > SESSION_USUAL_MAX) {
        let message = format!("a session of {} minutes outlives the job", aws.ttl.as_secs() / 60);
        found.push(
            rule.finding("long_session", aws.place, message)
                .help("an hour is enough for most; `daypass exec` asks again where it is not"),
        );
    }
    for aws in grants.of::<AwsGrant>().filter(|aws| aws.ttl < SESSION_USUAL_MIN) {
        let message = format!("AWS's SDKs renew a session of {} minutes 10 to 15 minutes before it ends", aws.ttl.as_secs() / 60);
        let help = "write 30m or more; a token that serves one request is refused the second time (docs/api/aws-sts.md)";
        found.push(rule.finding("short_session", aws.place, message).help(help));
    }
    for token in grants.of::<IdTokenGrant>().filter(|token| token.ttl > TOKEN_USUAL_MAX) {
        let message = format!("whoever finds a token of {} minutes can use it", token.ttl.as_secs() / 60);
        found.push(rule.finding("long_token", token.place, message).help("10m is enough to use it"));
    }
    own_repository(rule, look, found);
    let accounts: std::collections::BTreeSet<&str> =
        grants.of::<AwsGrant>().filter_map(|aws| aws.role.as_str().split(':').nth(4)).collect();
    if accounts.len() > 1 {
        let message = format!("one job reaches {} AWS accounts", accounts.len());
        found.push(
            rule.finding("several_accounts", rule.grant_place(), message)
                .help("write one policy for each account: it shows who reaches which"),
        );
    }
    for entry in grants.entries() {
        let findings = entry.findings().into_iter();
        found.extend(findings.map(|(code, message, help)| rule.finding(code, entry.place(), message).help(help)));
    }
    secrets(rule, look, found);
    transit(rule, look, found);
}

fn secrets(rule: &RuleContext<'_>, look: &LintContext<'_>, found: &mut Vec<Fault>) {
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
            if let Some(near) = crate::words::yaml::nearest(&text, &files) {
                finding = finding.help(format!("did you mean `{near}`?"));
            }
            found.push(finding);
        }
    }
}

fn transit(rule: &RuleContext<'_>, look: &LintContext<'_>, found: &mut Vec<Fault>) {
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
            found.push(match crate::words::yaml::nearest(&text, &known) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("`daypass transit create {text}` makes one")),
            });
        }
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
