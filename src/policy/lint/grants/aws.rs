//! Findings on roles of AWS.

use crate::policy::lint::{LintContext, RuleContext};
use crate::policy::sections::AwsGrant;
use crate::words::yaml::Fault;
use std::collections::BTreeSet;
use std::time::Duration;

/// A deployment takes minutes; what lives longer is worth stealing.
const SESSION_USUAL_MAX: Duration = Duration::from_secs(3600);
/// SDKs renew a session 10 (boto3) or 15 minutes (Java, .NET) before its end. At least half of a session should pass before.
const SESSION_USUAL_MIN: Duration = Duration::from_secs(30 * 60);

pub(super) fn lint(rule: &RuleContext<'_>, _: &LintContext<'_>, found: &mut Vec<Fault>) {
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
    let accounts: BTreeSet<&str> = grants.of::<AwsGrant>().filter_map(|aws| aws.role.as_str().split(':').nth(4)).collect();
    if accounts.len() > 1 {
        let message = format!("one job reaches {} AWS accounts", accounts.len());
        found.push(
            rule.finding("several_accounts", rule.grant_place(), message)
                .help("write one policy for each account: it shows who reaches which"),
        );
    }
}
