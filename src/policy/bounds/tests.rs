//! Each bound, with a policy that tries to cross it.

use super::*;
use crate::identity::{Facts, Mapping};
use crate::kind::{AwsTarget, Target};
use crate::policy::{IssuerEntry, Ruleset, Tree, Widening};
use crate::token::Claims;
use crate::words::UnixTime;
use crate::words::names::{IssuerUrl, SecretName};
use serde_json::json;

const ALLOWED: &str = "issuers: [github]
match: { repository: \"acme/team-a-*\" }
grant: { aws: [\"arn:aws:iam::111122223333:role/team-a-*\"], id_token: [\"https://api.partner.example\"] }
";
const POLICY: &str = "issuer: github
match: { repository: acme/team-a-shop@7, ref: refs/heads/main, event: push }
grant: { secrets: [\"**\"], transit: \"**\", aws: { role: \"arn:aws:iam::111122223333:role/team-a-deploy\" } }
";

fn catalogue() -> Catalogue {
    let entry = |url: &str| IssuerEntry {
        url: IssuerUrl::parse(url).unwrap(),
        mapping: Mapping::built_in("github-actions").unwrap(),
        session_max: Some(crate::token::SESSION_MAX),
    };
    let name = |name| IssuerName::parse(name).unwrap();
    [
        (name("github"), entry("https://token.actions.githubusercontent.com")),
        (name("other"), entry("https://github.acme.example/_services/token")),
    ]
    .into_iter()
    .collect()
}

fn bounds(text: &str) -> Arc<Bounds> {
    let node = Node::parse("sources/team-a.yaml", text.as_bytes()).unwrap();
    let outer = Node { place: FIRST_LINE, value: crate::words::yaml::Yaml::Mapping(Vec::new()) };
    let mut faults = Vec::new();
    let source = SourceName::parse("team-a").unwrap();
    let bounds = Bounds::read(&mut Fields::new("sources/team-a.yaml", text, &outer, &mut faults), &node, &source, &catalogue());
    assert!(faults.is_empty(), "{faults:?}");
    Arc::new(bounds)
}

/// The set of a root without policies and a source with this policy, and the faults.
fn in_force(policy: &str, allowed: &str, last_good: Option<&Ruleset>) -> (Ruleset, PolicySetAndFaults) {
    let bounds = [bounds(allowed)];
    let tree: Tree = [("policies/deploy.yaml".to_owned(), Arc::from(policy.as_bytes()))].into();
    let loaded = Ruleset::load_with(&tree, &catalogue(), last_good, Widening::GoesLive, &bounds);
    let (placed, faults) = loaded.ruleset.placed(&bounds, &catalogue());
    let set = Ruleset::default().merge(&[&placed], None);
    let faults = loaded.faults.into_iter().chain(faults).map(|fault| fault.to_string()).collect();
    (loaded.ruleset, (set, faults))
}

type PolicySetAndFaults = (crate::policy::PolicySet, Vec<String>);

fn facts(repository: &str, id: &str) -> Facts {
    let claims = json!({"sub": format!("repo:{repository}:ref:refs/heads/main"), "repository": repository, "repository_id": id,
        "repository_owner": "acme", "repository_owner_id": "1", "ref": "refs/heads/main", "event_name": "push"});
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    Mapping::built_in("github-actions").unwrap().facts(&IssuerName::parse("github").unwrap(), claims).unwrap()
}

fn grants(set: &crate::policy::PolicySet, facts: &Facts, target: &Target) -> Option<String> {
    set.would_grant(facts, target, None, UnixTime::from_seconds(0)).ok().map(|policy| policy.to_string())
}

fn secret(name: &str) -> Target {
    Target::Secret(SecretName::parse(name).unwrap())
}

#[test]
fn a_sources_policies_and_secrets_have_its_prefix_and_reach_no_other() {
    let (_, (set, faults)) = in_force(POLICY, ALLOWED, None);
    let team = facts("acme/team-a-shop", "7");
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(grants(&set, &team, &secret("team-a/db.age")).as_deref(), Some("team-a/deploy"));
    let transit = |text: &str| Target::parse(&format!("transit {text}")).unwrap();
    assert_eq!(grants(&set, &team, &transit("decrypt team-a/flux")).as_deref(), Some("team-a/deploy"));
    for foreign in ["decrypt flux", "decrypt team-b/flux", "encrypt team-ab/flux"] {
        assert_eq!(grants(&set, &team, &transit(foreign)), None, "{foreign}");
    }
    for foreign in ["db.age", "team-b/db.age", "team-a"] {
        assert_eq!(grants(&set, &team, &secret(foreign)), None, "{foreign}");
    }
}

#[test]
fn a_policy_matches_only_identities_within_the_bounds() {
    let foreign = POLICY.replace("acme/team-a-shop@7", "acme/platform@9");
    let (_, (set, _)) = in_force(&foreign, ALLOWED, None);
    assert_eq!(grants(&set, &facts("acme/platform", "9"), &Target::Aws(AwsTarget { role: None })), None);
    let (_, (set, _)) = in_force(&foreign, &ALLOWED.replace("team-a-*\" }", "*\" }"), None);
    assert!(grants(&set, &facts("acme/platform", "9"), &Target::Aws(AwsTarget { role: None })).is_some());
}

#[test]
fn a_policy_that_crosses_a_bound_does_not_load() {
    let crossing = [
        ("role/team-a-deploy", "role/admin", "may not grant aws arn:aws:iam::111122223333:role/admin"),
        ("111122223333", "444455556666", "may not grant aws"),
        ("secrets: [\"**\"]", "id_token: { audience: https://other.example }", "may not grant id_token https://other.example"),
        ("issuer: github", "issuer: other", "may not name the issuer `other`"),
    ];
    let (good, _) = in_force(POLICY, ALLOWED, None);
    for (from, to, expected) in crossing {
        let policy = POLICY.replace(from, to);
        let (_, (set, faults)) = in_force(&policy, ALLOWED, None);
        assert!(set.policies().is_empty() && faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:?}");
        let (_, (set, _)) = in_force(&policy, ALLOWED, Some(&good));
        assert_eq!(set.policies().len(), 1, "the last good form stays");
        assert!(grants(&set, &facts("acme/team-a-shop", "7"), &secret("team-a/x")).is_some());
    }
}

#[test]
fn narrower_bounds_count_at_once_for_policies_in_force() {
    let (good, _) = in_force(POLICY, ALLOWED, None);
    let narrower = [bounds(&ALLOWED.replace("role/team-a-*", "role/team-a-plan"))];
    let (placed, faults) = good.placed(&narrower, &catalogue());
    assert!(placed.is_empty() && faults.len() == 1);
}

#[test]
fn nothing_listed_is_nothing_allowed() {
    let (_, (set, faults)) = in_force(POLICY, "issuers: [github]", None);
    assert!(set.policies().is_empty() && faults[0].contains("may not grant"), "{faults:?}");
}

#[test]
fn bounds_that_nobody_uses_are_found_in_the_teams_own_repository() {
    let tree: Tree = [("policies/deploy.yaml".to_owned(), Arc::from(POLICY.as_bytes()))].into();
    let (ruleset, _) = Ruleset::load(&tree, &catalogue(), None);
    let source = SourceName::parse("team-a").unwrap();
    let definition = format!(
        "git: x\nallowed: {{ issuers: [github, other], {} }}\n",
        &ALLOWED.replace('\n', ", ")[18..].trim_end_matches(", ")
    );
    let bounds = Bounds::of_definition(&source, "team-a.yaml", definition.as_bytes(), &catalogue()).unwrap();
    let messages: Vec<String> =
        bounds.unused("team-a.yaml", ruleset.set().policies()).iter().map(|fault| fault.message.to_string()).collect();
    assert_eq!(
        messages,
        ["no policy of the source uses the issuer `other`", "no policy of the source uses `https://api.partner.example`"]
    );
    assert!(bounds.outside(ruleset.set().policies()).is_empty());
    let faults = Bounds::of_definition(&source, "team-a.yaml", b"allowed: { issuers: [nobody] }", &catalogue()).unwrap_err();
    assert!(faults[0].to_string().contains("nobody"));
}

#[test]
fn a_role_in_between_has_to_be_allowed_too() {
    let via =
        |hub: &str| POLICY.replace("team-a-deploy\"", &format!("team-a-deploy\", via: \"arn:aws:iam::111122223333:role/{hub}\""));
    for (hub, outside) in [("team-a-hub", false), ("hub", true)] {
        let (_, (set, faults)) = in_force(&via(hub), ALLOWED, None);
        let granted = set.would_grant(
            &facts("acme/team-a-shop", "7"),
            &Target::Aws(AwsTarget { role: None }),
            None,
            UnixTime::from_seconds(0),
        );
        assert_eq!(
            (granted.is_err(), faults.iter().any(|fault| fault.contains("may not use aws"))),
            (outside, outside),
            "{faults:?}"
        );
    }
}

#[test]
fn a_guardrail_against_a_role_in_between_denies_what_is_reached_through_it() {
    let policy = POLICY.replace("team-a-deploy\"", "team-a-deploy\", via: \"arn:aws:iam::111122223333:role/hub\"");
    let decided = |denied: &str| {
        let rails =
            format!("denials:\n  - description: none\n    deny: {{ aws: [\"arn:aws:iam::111122223333:role/{denied}\"] }}\n");
        let file = |name: &str, text: &str| (name.to_owned(), Arc::from(text.as_bytes()));
        let tree: Tree = [file("policies/a.yaml", &policy), file("guardrails.yaml", &rails)].into();
        let (ruleset, faults) = Ruleset::load(&tree, &catalogue(), None);
        assert!(faults.is_empty(), "{faults:?}");
        let target = Target::Aws(AwsTarget { role: None });
        let reached = crate::policy::who_can(
            &ruleset,
            &catalogue(),
            &AwsTarget::of(crate::words::names::RoleArn::parse("arn:aws:iam::111122223333:role/team-a-deploy").unwrap()).into(),
            UnixTime::from_seconds(0),
        );
        let granted = ruleset.set().would_grant(&facts("acme/team-a-shop", "7"), &target, None, UnixTime::from_seconds(0));
        (granted.is_ok(), !reached.is_empty())
    };
    assert_eq!((decided("hub"), decided("other")), ((false, false), (true, true)));
}

#[test]
fn a_session_outlives_its_token_only_within_the_bounds() {
    let policy = format!("{POLICY}session: {{ ttl: 20m }}\n");
    let allowed = |most: &str| format!("{ALLOWED}session_max: {most}\n");
    let team = facts("acme/team-a-shop", "7");
    let (_, (set, faults)) = in_force(&policy, &allowed("20m"), None);
    assert!(faults.is_empty() && grants(&set, &team, &secret("team-a/db.age")).is_some(), "{faults:?}");
    for (allowed, expected) in
        [(ALLOWED.to_owned(), "may let no session outlive its token at all"), (allowed("19m"), "beyond 19m")]
    {
        let (_, (set, faults)) = in_force(&policy, &allowed, None);
        assert!(faults.iter().any(|fault| fault.contains(expected) && fault.contains("outside_bounds")), "{faults:?}");
        assert_eq!(grants(&set, &team, &secret("team-a/db.age")), None, "{expected}");
    }
}

mod repositories;

#[test]
fn a_policy_far_outside_of_its_bounds_has_as_many_faults_as_are_kept() {
    let audiences: Vec<String> = (0..4800).map(|number| format!("{{ audience: \"https://{number}.example\" }}")).collect();
    let policy = "issuer: github\nmatch: { repository: acme/team-a-shop@7, ref: refs/heads/main, event: push }\n";
    let policy = format!("{policy}grant: {{ id_token: [{}] }}\n", audiences.join(", "));
    let (ruleset, (_, faults)) = in_force(&policy, ALLOWED, None);
    assert_eq!((faults.len(), ruleset.policies().count()), (crate::words::yaml::FAULTS_MAX + 1, 0), "{}", faults[0]);
    assert!(faults[0].contains("outside_bounds") && faults[0].contains("https://0.example"), "{}", faults[0]);
    assert!(faults.last().unwrap().contains("not_listed"), "{}", faults.last().unwrap());
}
