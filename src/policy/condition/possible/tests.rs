use crate::identity::Mapping;
use crate::policy::{Catalogue, IssuerEntry, Ruleset, Tree};
use crate::words::names::{IssuerName, IssuerUrl};
use crate::words::yaml::Fault;
use std::sync::Arc;

fn faults(mapping: &str, line: &str) -> Vec<Fault> {
    let (url, name) = (IssuerUrl::parse("https://issuer.example").unwrap(), IssuerName::parse("ci").unwrap());
    let entry = IssuerEntry { url, mapping: Mapping::built_in(mapping).unwrap(), session_max: None };
    let catalogue: Catalogue = std::iter::once((name, entry)).collect();
    let event = if mapping == "buildkite" { "manual" } else { "push" };
    let event =
        if entry_has_events(mapping) && !line.starts_with("event") { format!("  event: {event}\n") } else { String::new() };
    let policy = format!("issuer: ci\nmatch:\n  {line}\n{event}grant: {{ secrets: [a] }}\n");
    let tree = Tree::from([("policies/a.yaml".to_owned(), Arc::from(policy.as_bytes()))]);
    Ruleset::load(&tree, &catalogue, None).1
}

fn entry_has_events(mapping: &str) -> bool {
    matches!(mapping, "github-actions" | "gitlab" | "buildkite" | "codefresh" | "forgejo")
}

#[test]
fn a_value_that_no_token_has_is_an_error_at_its_place() {
    let cases = [
        ("github-actions", "ref: main", 8, "did you mean `refs/heads/main`?"),
        ("github-actions", "ref: \"release/*\"", 8, "did you mean `refs/heads/release/*`?"),
        ("github-actions", "ref: { not: main }", 15, "did you mean `refs/heads/main`?"),
        ("github-actions", "ref: [refs/heads/main, develop]", 26, "did you mean `refs/heads/develop`?"),
        ("github-actions", "runner: github-hosted", 11, "did you mean `hosted`?"),
        ("gitlab", "runner: gitlab-hosted", 11, "did you mean `hosted`?"),
        ("github-actions", "repository: shop", 15, "whoami"),
        ("github-actions", "repository: acme/shop.git", 15, "whoami"),
        ("github-actions", "repository: acme/..", 15, "whoami"),
        ("github-actions", "repository: acme/sh\u{43e}p", 15, "whoami"),
        ("github-actions", "repository: acme/sh\u{43e}p-*", 15, "whoami"),
        ("gitlab", "repository: \"acme/shop/**/api.git\"", 15, "whoami"),
        ("forgejo", "owner: \u{430}cme", 10, "whoami"),
        ("github-actions", "owner: acme/shop", 10, "whoami"),
        ("github-actions", "pipeline: \"9223372036854775808\"", 13, "whoami"),
        ("github-actions", "workflow: deploy.yml", 13, "whoami"),
        ("github-actions", "workflow: acme/shop/.github/workflows/deploy.yml", 13, "whoami"),
        ("github-actions", "workflow: acme/shop/.github/workflows/deploy.yml@main", 13, "@refs/heads/main"),
        ("github-actions", "workflow: acme/shop/.github/workflows/deploy.yml@v1", 13, "@refs/heads/v1"),
        ("github-actions", "workflow: \"acme/*/.github/workflows/deploy.yml@0b1a7c2\"", 13, "@refs/heads/0b1a7c2"),
        ("forgejo", "workflow: acme/shop/.forgejo/workflows/deploy.yml@main", 13, "@refs/heads/main"),
        ("gitlab", "workflow: gitlab.com/acme/shop//.gitlab-ci.yml@main", 13, "@refs/heads/main"),
        ("buildkite", "workflow: deploy@main", 13, "whoami"),
        ("github-actions", "commit: 0b1a7c2", 11, "whoami"),
        ("github-actions", "pipeline: run-7", 13, "whoami"),
        ("github-actions", "event: upstream", 10, "they claim"),
        ("gitlab", "event: merge-queue", 10, "they claim"),
        ("buildkite", "event: push", 10, "they claim"),
        ("kubernetes", "namespace: Shop", 14, "whoami"),
        ("kubernetes", "service_account: system:serviceaccount:shop:web", 20, "whoami"),
        ("spiffe", "service_account: \"https://acme.example/*\"", 20, "whoami"),
        ("spiffe", "service_account: \"spiffe://acme.example/a/../b\"", 20, "whoami"),
        ("aws", "service_account: shop", 20, "whoami"),
        ("google", "user: alice", 9, "whoami"),
        ("bitbucket", "environment: production", 16, "whoami"),
        ("hcp-terraform", "repository: prod@prod", 15, "daypass whoami"),
    ];
    for (mapping, line, column, help) in cases {
        let faults = faults(mapping, line);
        let fault = faults.first().unwrap_or_else(|| panic!("{mapping} {line} loads"));
        assert_eq!(
            (fault.code, fault.place.line, fault.place.column),
            ("value_never_claimed", 3, column),
            "{mapping} {line}: {fault}"
        );
        assert!(fault.help.as_deref().is_some_and(|text| text.contains(help)), "{mapping} {line}: {fault}");
    }
}

#[test]
fn what_a_token_may_have_loads() {
    for (mapping, line) in [
        ("github-actions", "ref: \"refs/**\""),
        ("github-actions", "ref: \"**\""),
        ("github-actions", "ref: \"*/heads/main\""),
        ("github-actions", "runner: self-*"),
        ("github-actions", "workflow: acme/*/.github/workflows/deploy.yml@refs/heads/main"),
        ("github-actions", "workflow: acme/**"),
        ("github-actions", "workflow: acme/shop/.github/workflows/deploy.yml@0b1a7c2e4d5f60718293a4b5c6d7e8f901234567"),
        ("github-actions", "workflow: acme/shop/.github/workflows/deploy.yml@refs/heads/a@b"),
        ("github-actions", "workflow: \"acme/shop/.github/workflows/deploy.yml@*\""),
        ("github-actions", "workflow: \"acme/shop/.github/workflows/deploy.yml@**\""),
        ("github-actions", "workflow: \"acme/**@refs/heads/main\""),
        ("buildkite", "workflow: deploy-shop"),
        ("github-actions", "commit: 0b1a7c2e4d5f60718293a4b5c6d7e8f901234567"),
        ("github-actions", "repository: acme/*"),
        ("gitlab", "repository: acme/team/shop@20"),
        ("gitlab", "workflow: gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main"),
        ("kubernetes", "service_account: web@abcdef01-2345-4678-89ab-cdef01234567"),
        ("kubernetes", "pod: shop-*"),
        ("spiffe", "service_account: \"spiffe://acme.example/ns/*/sa/web\""),
        ("bitbucket", "repository: \"{6d5c4b3a-2910-4f8e-9d7c-6b5a49382716}@{6d5c4b3a-2910-4f8e-9d7c-6b5a49382716}\""),
        ("hcp-terraform", "repository: organization:acme:project:web:workspace:prod@ws-mbsd5E3Ktt5Rg2Xm"),
        ("google", "user: ci@acme.iam.gserviceaccount.com"),
    ] {
        let faults = faults(mapping, line);
        assert!(faults.is_empty(), "{mapping} {line}: {faults:?}");
    }
}

fn faults_of_claim(mapping: &str, denial: bool, pointer: &str) -> Vec<Fault> {
    faults_of_value(mapping, denial, pointer, "x")
}

fn faults_of_value(mapping: &str, denial: bool, pointer: &str, value: &str) -> Vec<Fault> {
    let (url, name) = (IssuerUrl::parse("https://issuer.example").unwrap(), IssuerName::parse("ci").unwrap());
    let entry = IssuerEntry { url, mapping: Mapping::built_in(mapping).unwrap(), session_max: None };
    let catalogue: Catalogue = std::iter::once((name, entry)).collect();
    let event = if entry_has_events(mapping) { "match: { event: [push] }\n" } else { "" };
    let event = if mapping == "buildkite" { "match: { event: manual }\n" } else { event };
    let policy = format!("issuer: ci\n{event}claims: {{ {pointer}: {value} }}\ngrant: {{ secrets: [a] }}\n");
    let rails = format!("denials:\n  - description: never\n    claims: {{ {pointer}: {value} }}\n");
    let (file, text) = if denial { ("guardrails.yaml", rails) } else { ("policies/a.yaml", policy) };
    Ruleset::load(&Tree::from([(file.to_owned(), Arc::from(text.as_bytes()))]), &catalogue, None).1
}

#[test]
fn a_claim_that_is_nearly_one_of_the_issuers_is_an_error() {
    for (mapping, pointer, suggestion) in [
        ("github-actions", "/repository_visibilty", "/repository_visibility"),
        ("github-actions", "/Repository_visibility", "/repository_visibility"),
        ("github-actions", "/repository-visibility", "/repository_visibility"),
        ("github-actions", "/run_atempt", "/run_attempt"),
        ("gitlab", "/user_acces_level", "/user_access_level"),
        ("buildkite", "/step_kee", "/step_key"),
        ("circleci", "/oidc.circleci.com~1ssh-rerunn", "/oidc.circleci.com~1ssh-rerun"),
        ("hcp-terraform", "/terraform_run_fase", "/terraform_run_phase"),
        ("spacelift", "/runtype", "/runType"),
        ("kubernetes", "/kubernetes.io/node/nam", "/kubernetes.io/node/name"),
        ("kubernetes", "/kubernetes.io/pods/name", "/kubernetes.io/pod/name"),
        ("google", "/emal", "/email"),
    ] {
        for denial in [false, true] {
            let faults = faults_of_claim(mapping, denial, pointer);
            let fault = faults.iter().find(|fault| fault.code == "claim_misspelt");
            let fault = fault.unwrap_or_else(|| panic!("{mapping} {pointer} {denial}: {faults:?}"));
            assert!(fault.help.as_deref().is_some_and(|help| help.contains(&format!("`{suggestion}`"))), "{pointer}: {fault}");
        }
    }
    for (mapping, pointer) in [
        ("github-actions", "/repository_visibility"),
        ("github-actions", "/repo_property_tier"),
        ("github-actions", "/enterprise"),
        ("github-actions", "/what_comes_tomorrow"),
        ("github-actions", "/sub"),
        ("gitlab", "/user_access_level"),
        ("gitlab", "/groups_direct/0"),
        ("generic", "/repository_visibilty"),
        ("kubernetes", "/kubernetes.io/node/name"),
        ("spiffe", "/team"),
    ] {
        for denial in [false, true] {
            let faults = faults_of_claim(mapping, denial, pointer);
            assert!(faults.is_empty(), "{mapping} {pointer} {denial}: {faults:?}");
        }
    }
}

/// Types are compared exactly: a number is no text of digits, and no value equals a list or a mapping.
#[test]
fn a_value_of_another_type_than_the_claims_is_an_error() {
    for (mapping, pointer, value, expected) in [
        ("github-actions", "/run_attempt", "2", "as text"),
        ("github-actions", "/run_attempt", "[\"1\", 2]", "as text"),
        ("github-actions", "/run_attempt", "{ not: 2 }", "as text"),
        ("github-actions", "/repository_id", "456789", "as text"),
        ("github-actions", "/ref_protected", "true", "as text"),
        ("github-actions", "/exp", "\"1\"", "as a number"),
        ("gitlab", "/runner_id", "\"7\"", "as a number"),
        ("gitlab", "/groups_direct", "{ not: acme }", "as a list"),
        ("gitlab", "/job_config", "acme", "as a mapping"),
        ("buildkite", "/build_number", "\"1*\"", "as a number"),
        ("circleci", "/oidc.circleci.com~1ssh-rerun", "\"true\"", "as true or false"),
        ("google", "/email_verified", "\"true\"", "as true or false"),
        ("kubernetes", "/kubernetes.io/namespace", "7", "as text"),
        ("aws", "/https:~1~1sts.amazonaws.com~1/principal_tags", "x", "as a mapping"),
    ] {
        for denial in [false, true] {
            let faults = faults_of_value(mapping, denial, pointer, value);
            let fault = faults.iter().find(|fault| fault.code == "value_never_claimed");
            let fault = fault.unwrap_or_else(|| panic!("{mapping} {pointer} {value} {denial}: {faults:?}"));
            assert!(fault.message.contains(expected) && fault.help.is_some(), "{pointer}: {fault}");
        }
    }
    for (mapping, pointer, value) in [
        ("github-actions", "/run_attempt", "\"2\""),
        ("github-actions", "/what_comes_tomorrow", "2"),
        ("github-actions", "/exp", "1800000000"),
        ("gitlab", "/runner_id", "7"),
        ("gitlab", "/groups_direct/0", "acme"),
        ("circleci", "/oidc.circleci.com~1ssh-rerun", "false"),
        ("spiffe", "/team", "7"),
        ("generic", "/sub", "x"),
    ] {
        for denial in [false, true] {
            let faults = faults_of_value(mapping, denial, pointer, value);
            assert!(faults.is_empty(), "{mapping} {pointer} {value} {denial}: {faults:?}");
        }
    }
}

/// A denial looks at every entry of a list, and a policy at none: a job that is in a further group would get in.
#[test]
fn a_denial_names_an_entry_of_a_list_and_a_policy_does_not() {
    for (mapping, pointer, value) in [
        ("gitlab", "/groups_direct", "contractors"),
        ("gitlab", "/groups_direct", "[contractors, \"guests/*\"]"),
        ("circleci", "/oidc.circleci.com~1context-ids", "7f8b2a44-0000-4000-8000-000000000001"),
    ] {
        let faults = faults_of_value(mapping, true, pointer, value);
        assert!(faults.is_empty(), "{mapping} {pointer} {value}: {faults:?}");
        let faults = faults_of_value(mapping, false, pointer, value);
        assert!(faults.iter().any(|fault| fault.message.contains("this can never match")), "{pointer}: {faults:?}");
        let help = faults.iter().find_map(|fault| fault.help.as_deref()).unwrap_or_default();
        assert!(help.contains("only a denial looks at every entry"), "{help}");
    }
    let faults = faults_of_value("gitlab", true, "/groups_direct", "{ not: staff }");
    assert!(faults.iter().any(|fault| fault.message.contains("this would deny everybody")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.help.as_deref().is_some_and(|help| help.contains("leave `not` out"))), "{faults:?}");
}

/// Fractions and numbers above 64 bits are rounded when a token is read, so two of them may be read as one.
#[test]
fn a_number_that_is_not_whole_is_an_error() {
    for value in ["7.5", "7.0", "1e3", "010", "18446744073709551617"] {
        for denial in [false, true] {
            let faults = faults_of_value("spiffe", denial, "/team", value);
            let is_told = |fault: &Fault| fault.message.contains("a whole number from -2^63 to 2^63-1");
            assert!(faults.iter().any(is_told), "{value} {denial}: {faults:?}");
        }
    }
}

/// Each documented token passes the check of its mapping: the shapes come from the CIs' documentation, and are not guessed.
#[test]
fn documented_values_are_possible() {
    use crate::policy::condition::{Single, possible};
    use crate::policy::pattern::Pattern;
    for (name, attributes) in crate::identity::documented() {
        let mapping = Mapping::built_in(&name).unwrap();
        for (attribute, text) in attributes {
            let (text, id) = match text.rsplit_once('@').filter(|_| mapping.has_id(attribute)) {
                Some((_, id)) if text != id => (text[..text.len() - id.len() - 1].to_owned(), Some(id.to_owned())),
                _ => (text.clone(), None),
            };
            let ids = id.map(|id| Single::Id { name: text.clone(), id });
            let flag = text == "true" || text == "false";
            for single in ids.into_iter().chain((!flag).then(|| Single::Text(Pattern::literal_of(&text)))) {
                let checked = possible::check(std::slice::from_ref(&mapping), attribute, &single);
                assert!(checked.is_ok(), "{name} {attribute} {text}: {}", checked.err().unwrap().message);
            }
        }
    }
}
