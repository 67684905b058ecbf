use crate::identity::Mapping;
use crate::kind::{GcpTarget, Kind, Target};
use crate::policy::access::{Direction, changes, who_can};
use crate::policy::decide::Moment;
use crate::policy::{Catalogue, GcpTerms, Ruleset, Terms, Tree};
use crate::token::Claims;
use crate::words::names::IssuerName;
use crate::words::{Reason, UnixTime};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const DEPLOY: &str = "deploy@acme.iam.gserviceaccount.com";

fn catalogue() -> Catalogue {
    Catalogue::of_github()
}

fn tree(gcp: &str, guardrails: &str) -> Tree {
    let policy =
        format!("owners: [team-shop]\nissuer: github\nmatch: {{ owner: acme@9001, event: push }}\ngrant:\n  gcp: [ {gcp} ]\n");
    let files = [("policies/bot.yaml", policy), ("guardrails.yaml", guardrails.to_owned())];
    files
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), Arc::from(text.as_bytes())))
        .collect()
}

fn faults(gcp: &str) -> Vec<String> {
    Ruleset::load(&tree(gcp, ""), &catalogue(), None).1.iter().map(ToString::to_string).collect()
}

fn rules(gcp: &str, guardrails: &str) -> Ruleset {
    let (ruleset, faults) = Ruleset::load(&tree(gcp, guardrails), &catalogue(), None);
    assert!(faults.is_empty(), "{}", faults[0]);
    ruleset
}

fn decide(ruleset: &Ruleset, text: Option<&str>) -> Result<GcpTerms, Reason> {
    let claims = json!({"sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "repository_id": "456789",
        "repository_owner": "acme", "repository_owner_id": "9001", "event_name": "push", "ref": "refs/heads/main", "ref_type": "branch",
        "ref_protected": "true", "sha": "0b1a"});
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let facts = Mapping::built_in("github-actions").unwrap().facts(&IssuerName::parse("github").unwrap(), claims).unwrap();
    let target: Target = GcpTarget::read(text).unwrap().into();
    let granted = ruleset.set().grant_one(&facts, &target, None, Moment::at(NOW)).map_err(|denial| denial.reason)?;
    match granted.terms {
        Terms::Gcp(terms) => Ok(terms),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_google_would_not_give_does_not_load() {
    let of = |more: &str| format!("{{ service_account: {DEPLOY}{more} }}");
    let rule = "{ bucket: acme-a, permissions: [\"inRole:roles/storage.objectViewer\"] }";
    for good in [
        of(""),
        of(", ttl: 12h, scopes: [\"https://www.googleapis.com/auth/devstorage.read_only\"]"),
        of(", delegates: [a@acme.iam.gserviceaccount.com]"),
        of(", id_token: { audience: https://a.example }"),
        of(&format!(", boundary: [ {rule} ]")),
        "{ access: direct, scopes: https://www.googleapis.com/auth/cloud-platform }".to_owned(),
    ] {
        assert_eq!(faults(&good), Vec::<String>::new(), "{good}");
    }
    let many = [rule; 11].join(", ");
    let bounded = |inner: &str| of(&format!(", boundary: [ {{ {inner} }} ]"));
    for (bad, expected) in [
        ("{ ttl: 5m }".to_owned(), "`service_account` is missing"),
        ("{ service_account: deploy }".to_owned(), "is named by its address"),
        ("{ service_account: \"deploy@{each.project}.iam.gserviceaccount.com\" }".to_owned(), "for_each"),
        (of(", ttl: 13h"), "expected 1 to 720 minutes"),
        (of(", ttl: 30s"), "expected 1 to 720 minutes"),
        (of(", scopes: []"), "1 to 20 scopes"),
        (of(", scopes: [\"a b\"]"), "a scope is"),
        (of(", access: impersonated"), "expected `access: direct`"),
        (of(", access: direct, scopes: x"), "a federated token belongs to no service account"),
        ("{ access: direct }".to_owned(), "`scopes` is missing"),
        ("{ access: direct, scopes: email, ttl: 5m }".to_owned(), "Google says how long"),
        (of(", id_token: { audience: x }, ttl: 5m"), "an ID token has no scope"),
        (of(", id_token: { audience: x }, scopes: x"), "an ID token has no scope"),
        (of(", id_token: {}"), "`audience` is missing"),
        (of(", boundary: []"), "1 to 10 rules"),
        (of(&format!(", boundary: [ {many} ]")), "1 to 10 rules"),
        (bounded("bucket: acme-a"), "`permissions` is missing"),
        (bounded("bucket: acme-a, permissions: []"), "at least one role"),
        (bounded("bucket: acme-a, permissions: [\"inRole:roles/compute.admin\"]"), "Cloud Storage alone"),
        (bounded("bucket: acme-a, permissions: [storage.objects.get]"), "Cloud Storage alone"),
        (bounded("bucket: A/b, permissions: [\"inRole:roles/storage.objectViewer\"]"), "a bucket of Cloud Storage"),
        (
            bounded("bucket: acme-a, prefix: \"x') || true || ('\", permissions: [\"inRole:roles/storage.objectViewer\"]"),
            "a prefix of objects",
        ),
        (of(", delegates: [a@b, c@d]"), "is named by its address"),
        (
            of(", delegates: [a@acme.iam.gserviceaccount.com, b@acme.iam.gserviceaccount.com, a@acme.iam.gserviceaccount.com]"),
            "stands twice",
        ),
        (of(&format!(", delegates: [{DEPLOY}]")), "stands twice"),
    ] {
        let messages = faults(&bad);
        assert!(messages.iter().any(|message| message.contains(expected)), "{bad}: {messages:?}");
    }
}

#[test]
fn a_job_gets_what_it_asks_for_within_what_is_granted_and_no_more() {
    let ruleset = rules(
        &format!("{{ service_account: {DEPLOY}, ttl: 30m }}, {{ service_account: {DEPLOY}, id_token: {{ audience: x }} }}"),
        "",
    );
    for text in [None, Some(DEPLOY)] {
        let Ok(GcpTerms::Access { account, ttl, scopes, .. }) = decide(&ruleset, text) else { panic!("{text:?}") };
        assert_eq!((account.as_str(), ttl, scopes.len()), (DEPLOY, Duration::from_secs(1800), 1));
    }
    assert!(matches!(decide(&ruleset, Some("audience=x")), Ok(GcpTerms::IdToken { .. })));
    for more in ["audience=y", "direct", "other@acme.iam.gserviceaccount.com"] {
        assert_eq!(decide(&ruleset, Some(more)), Err(Reason::NoMatchingPolicy), "{more}");
    }
    let two = rules(&format!("{{ service_account: {DEPLOY} }}, {{ access: direct, scopes: email }}"), "");
    assert_eq!(decide(&two, None), Err(Reason::PolicyAmbiguous));
    assert!(matches!(decide(&two, Some("direct")), Ok(GcpTerms::Direct { .. })));
    let twice = faults(&format!("{{ service_account: {DEPLOY} }}, {{ service_account: {DEPLOY}, ttl: 5m }}"));
    assert!(twice[0].contains("is granted here on other terms"), "the same on other terms: {twice:?}");
}

#[test]
fn a_denial_counts_for_the_account_and_for_those_on_the_way() {
    let through = format!("{{ service_account: {DEPLOY}, delegates: [hub@acme.iam.gserviceaccount.com] }}");
    let denying = |what: &str| format!("denials: [ {{ description: no, deny: {{ gcp: [\"{what}\"] }} }} ]\n");
    for denied in [DEPLOY, "hub@*", "*@acme.iam.gserviceaccount.com", "**"] {
        for text in [None, Some(DEPLOY)] {
            assert_eq!(decide(&rules(&through, &denying(denied)), text), Err(Reason::Denied), "{denied} {text:?}");
        }
    }
    assert!(decide(&rules(&through, &denying("*@other.iam.gserviceaccount.com")), None).is_ok());
    let id_token = format!("{{ service_account: {DEPLOY}, id_token: {{ audience: x }} }}");
    assert_eq!(decide(&rules(&id_token, &denying("deploy@**")), Some("audience=x")), Err(Reason::Denied), "whose was left open");
    let direct = "{ access: direct, scopes: email }";
    for denied in ["direct", "**", "*"] {
        assert_eq!(decide(&rules(direct, &denying(denied)), None), Err(Reason::Denied), "{denied}");
    }
    let faults = Ruleset::load(&tree(direct, &denying("deploy")), &catalogue(), None).1;
    assert!(faults.iter().any(|fault| fault.to_string().contains("no service account is called like that")), "{faults:?}");
}

/// The directions in which a grant changes.
fn directions(old: &str, new: &str) -> Vec<Direction> {
    let of = |more: &str| format!("{{ service_account: {DEPLOY}{more} }}");
    let (old, new) = (of(old), of(new));
    let (old_tree, new_tree) = (tree(&old, ""), tree(&new, ""));
    let found = changes((&rules(&old, ""), &old_tree), (&rules(&new, ""), &new_tree), &catalogue(), NOW);
    found.iter().map(|change| change.direction).collect()
}

#[test]
fn more_of_any_term_widens_and_less_narrows() {
    let rule = |role: &str| format!(", boundary: {{ bucket: acme-a, permissions: \"inRole:roles/storage.{role}\" }}");
    let read = ", scopes: [\"https://www.googleapis.com/auth/devstorage.read_only\"";
    for (less, more) in [
        (", ttl: 30m".to_owned(), ", ttl: 1h".to_owned()),
        (format!("{read}]"), format!("{read}, email]")),
        (rule("objectViewer"), String::new()),
    ] {
        assert_eq!(directions(&less, &more), [Direction::Widens], "{less} -> {more}");
        assert!(!directions(&more, &less).contains(&Direction::Widens), "{more} -> {less}");
    }
    // A change of a term without an order counts as more in both directions.
    for (one, other) in [
        (rule("objectViewer"), rule("objectAdmin")),
        (String::new(), ", delegates: [hub@acme.iam.gserviceaccount.com]".to_owned()),
    ] {
        assert!(directions(&one, &other).contains(&Direction::Widens), "{one} -> {other}");
        assert!(directions(&other, &one).contains(&Direction::Widens), "{other} -> {one}");
    }
    let target: Target = GcpTarget::question(DEPLOY).unwrap().into();
    assert_eq!(who_can(&rules(&format!("{{ service_account: {DEPLOY} }}"), ""), &catalogue(), &target, NOW).len(), 1);
}

/// Its holder can ask for a token of every account that trusts the subject, whatever policies say about the account.
#[test]
fn a_federated_token_that_impersonates_is_granted_beside_no_account() {
    let account = format!("{{ service_account: {DEPLOY} }}");
    let direct = |scope: &str| format!("{{ access: direct, scopes: https://www.googleapis.com/auth/{scope} }}, {account}");
    for scope in ["cloud-platform", "iam"] {
        let found = faults(&direct(scope));
        assert!(found.iter().any(|fault| fault.contains(&format!("Google's `{DEPLOY}` takes too"))), "{found:?}");
    }
    for near in ["cloud-platform/", "Cloud-Platform", "cloud-platform.", "iam/", "IAM"] {
        let found = faults(&direct(near));
        assert!(found.iter().any(|fault| fault.contains("a scope is written as Google lists it")), "{near}: {found:?}");
    }
    assert_eq!(faults(&direct("devstorage.read_only")), Vec::<String>::new());
}
