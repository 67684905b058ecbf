use crate::identity::Mapping;
use crate::kind::{AwsTarget, IdTokenTarget, Target};
use crate::policy::sections::{AwsGrant, IdTokenGrant};
use crate::policy::{Catalogue, PolicySet, Ruleset, Tree, Widening};
use crate::token::Claims;
use crate::words::UnixTime;
use crate::words::names::{Audience, IssuerName, RoleArn};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
/// Services of a monorepo, each with a role of its own and a token for one partner.
const SERVICES: &str = "issuer: github
for_each: services.yaml
match: { repository: acme/mono@456789, environment: \"{each.environment}\", event: push }
grant:
  aws: [ { role: \"arn:aws:iam::123456789012:role/{each.role}\" } ]
  id_token: { audience: https://partner.example }
";
const ROWS: &str = "- { name: web, environment: web, role: web }
- { name: jobs/mail, environment: mail, role: mail }
- { environment: other, role: mail }
";

fn catalogue() -> Catalogue {
    Catalogue::of_github()
}

fn tree(policy: &str, rows: &str) -> Tree {
    let files = [("policies/mono/deploy.yaml", policy), ("services.yaml", rows)];
    files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect()
}

fn load(policy: &str, rows: &str) -> (Ruleset, Vec<String>) {
    let (ruleset, faults) = Ruleset::load(&tree(policy, rows), &catalogue(), None);
    (ruleset, faults.iter().map(ToString::to_string).collect())
}

fn subject_of(set: &PolicySet, environment: &str, target: &Target) -> String {
    let claims = json!({"sub": "x", "repository": "acme/mono", "repository_id": "456789", "repository_owner": "acme", "repository_owner_id": "9001",
        "event_name": "push", "ref": "refs/heads/main", "ref_type": "branch", "ref_protected": "true", "environment": environment});
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let facts = Mapping::built_in("github-actions").unwrap().facts(&IssuerName::parse("github").unwrap(), claims).unwrap();
    let (_, granted) = set.offered(&facts, target, None, NOW).unwrap();
    granted[0].subject()
}

#[test]
fn each_row_has_a_subject_of_its_own() {
    let (ruleset, faults) = load(SERVICES, ROWS);
    assert!(faults.is_empty(), "{faults:?}");
    let partner = Target::from(IdTokenTarget { audience: Audience::parse("https://partner.example").unwrap() });
    for target in [Target::Aws(AwsTarget { role: None }), partner] {
        let subject = |environment| subject_of(ruleset.set(), environment, &target);
        let own = [subject("web"), subject("mail"), subject("other")];
        assert_eq!(own, ["root/mono/deploy:web", "root/mono/deploy:jobs/mail", "root/mono/deploy"]);
    }
}

#[test]
fn a_role_is_assumed_by_the_subjects_of_those_rows_that_grant_it() {
    let (ruleset, _) = load(SERVICES, ROWS);
    let roles = ruleset.set().roles(NOW);
    let subjects = |name: &str| &roles[&RoleArn::parse(&format!("arn:aws:iam::123456789012:role/{name}")).unwrap()].subjects;
    assert_eq!(*subjects("web"), BTreeSet::from(["root/mono/deploy:web".to_owned()]));
    assert_eq!(*subjects("mail"), BTreeSet::from(["root/mono/deploy".to_owned(), "root/mono/deploy:jobs/mail".to_owned()]));
}

#[test]
fn only_policies_in_force_are_listed_with_their_subjects() {
    let (ruleset, _) = load(SERVICES, ROWS);
    let roles: Vec<(String, &str)> =
        ruleset.set().in_force::<AwsGrant>(NOW).map(|(subject, aws)| (subject, aws.role.as_str())).collect();
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    let (web, mail) = (role("web"), role("mail"));
    let expected = [("root/mono/deploy:web", &*web), ("root/mono/deploy:jobs/mail", &*mail), ("root/mono/deploy", &*mail)];
    assert_eq!(roles, expected.map(|(subject, role)| (subject.to_owned(), role)));
    for idle in ["mode: audit\n", "expires: 2020-01-01T00:00:00Z\n"] {
        let (ruleset, _) = load(&format!("{SERVICES}{idle}"), ROWS);
        assert_eq!(ruleset.set().in_force::<IdTokenGrant>(NOW).count(), 0, "{idle}");
    }
}

#[test]
fn row_names_that_do_not_identify_a_row_do_not_load() {
    let twice = "- { name: web, environment: a, role: a }\n- { name: web, environment: b, role: b }\n";
    let (ruleset, faults) = load(SERVICES, twice);
    assert!(ruleset.set().policies().is_empty() && faults[0].contains("two are called `web`"), "{faults:?}");
    for hostile in ["", "a:b", "a b", "a*", "a#b", "a\n", "\u{202e}web", "w\u{435}b", "a/../b", "/a", "a//b", "${aws:x}", "a\0"] {
        let rows = json!([{ "name": hostile, "environment": "a", "role": "a" }]).to_string();
        let (ruleset, faults) = load(SERVICES, &rows);
        assert!(ruleset.set().policies().is_empty() && faults.len() == 1, "{hostile:?}: {faults:?}");
        assert!(faults[0].contains("policies/mono/deploy.yaml:2"), "{faults:?}");
    }
    let unseen = SERVICES.replace("  aws:", "  secrets: [a]\n  #").replace("  id_token:", "  #");
    let (ruleset, faults) = load(&unseen, twice);
    assert!(ruleset.set().policies().len() == 1, "nobody outside sees a subject, so any value may be called `name`: {faults:?}");
}

/// A cloud that trusts the subject would take another job for the one that it trusts.
#[test]
fn a_row_under_another_name_waits_where_widenings_wait() {
    let (before, _) = load(SERVICES, ROWS);
    let pending =
        |rows: &str| Ruleset::load_with(&tree(SERVICES, rows), &catalogue(), Some(&before), Widening::Waits, &[]).pending;
    let swapped =
        ROWS.replace("name: web", "name: x").replace("name: jobs/mail", "name: web").replace("name: x", "name: jobs/mail");
    for wider in
        [swapped, ROWS.replace("name: web, ", ""), ROWS.replace("{ environment: other", "{ name: other, environment: other")]
    {
        assert_eq!(pending(&wider), ["policies/mono/deploy.yaml"], "{wider}");
    }
    let narrower: String = ROWS.lines().rev().take(2).map(|line| format!("{line}\n")).collect();
    assert_eq!(pending(&narrower), Vec::<String>::new());
}
