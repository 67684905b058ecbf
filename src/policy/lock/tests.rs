use super::*;
use crate::policy::IssuerEntry;
use crate::token::Claims;
use crate::words::names::IssuerUrl;
use serde_json::json;
use std::sync::Arc;

fn catalogue() -> Catalogue {
    let entry = |name: &str, url: &str| {
        let entry = IssuerEntry { url: IssuerUrl::parse(url).unwrap(), mapping: mapping(name), session_max: None };
        (IssuerName::parse(name).unwrap(), entry)
    };
    [entry("github-actions", "https://token.actions.githubusercontent.com"), entry("gitlab", "https://gitlab.example")]
        .into_iter()
        .collect()
}

fn mapping(name: &str) -> Arc<Mapping> {
    Mapping::built_in(name).unwrap()
}

fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect()
}

/// GitHub's tokens with these repositories, each a second after the one before.
fn sightings(repositories: &[(&str, &str)]) -> Sightings {
    let mut sightings = Sightings::default();
    let mapping = mapping("github-actions");
    for (second, (name, id)) in (1_800_000_000..).zip(repositories) {
        let claims =
            json!({ "repository": name, "repository_id": id, "repository_owner": "acme", "repository_owner_id": "9001" });
        let claims = Claims::from(claims.as_object().unwrap().clone());
        let facts = mapping.facts(&IssuerName::parse("github-actions").unwrap(), claims).unwrap();
        sightings.add(&facts, &mapping, UnixTime::from_seconds(second));
    }
    sightings
}

fn policy(repository: &str) -> String {
    format!("issuer: github-actions\nmatch:\n  repository: {repository}\n  event: push\ngrant: {{ secrets: [a] }}\n")
}

fn outcomes(lock: &Lock) -> Vec<(&str, LockOutcome)> {
    lock.names.iter().map(|name| (name.name.as_str(), name.outcome)).collect()
}

#[test]
fn one_id_is_proposed_where_the_name_stands() {
    let sightings = sightings(&[("acme/shop", "456789"), ("acme/shop", "456789"), ("acme/web", "7"), ("Acme/Api", "8")]);
    for (written, line) in [
        ("acme/shop", "+  repository: acme/shop@456789"),
        ("'acme/shop'  # the shop", "+  repository: 'acme/shop@456789'  # the shop"),
        ("[\"acme/shop\", acme/web,acme/api@8]", "+  repository: [\"acme/shop@456789\", acme/web@7,acme/api@8]"),
        ("acme/api", "+  repository: acme/api@8"),
    ] {
        let lock = lock(&tree(&[("policies/a.yaml", &policy(written))]), &catalogue(), &sightings);
        assert!(lock.patch.lines().any(|found| found == line), "{written}\n{}", lock.patch);
        assert!(
            lock.patch.starts_with("--- a/policies/a.yaml\n+++ b/policies/a.yaml\n@@ -1,5 +1,5 @@\n issuer:"),
            "{}",
            lock.patch
        );
    }
}

#[test]
fn a_name_that_changed_hands_is_left_to_a_person() {
    let sightings = sightings(&[("acme/shop", "456789"), ("acme/shop", "666")]);
    let lock = lock(&tree(&[("policies/a.yaml", &policy("[acme/shop, acme/new]"))]), &catalogue(), &sightings);
    assert_eq!(outcomes(&lock), [("acme/shop", LockOutcome::Contested), ("acme/new", LockOutcome::Unseen)]);
    let ids: Vec<(&str, &str)> = lock.names[0].ids.iter().map(|one| (one.id.as_str(), one.last_at.as_str())).collect();
    assert_eq!(ids, [("666", "2027-01-15T08:00:01Z"), ("456789", "2027-01-15T08:00:00Z")]);
    assert_eq!((lock.patch.as_str(), lock.names[0].at.as_str()), ("", "policies/a.yaml:3"));
}

#[test]
fn only_literal_names_of_this_issuer_are_pinned() {
    let sightings = sightings(&[("acme/shop", "456789")]);
    for written in ["acme/shop@456789", "acme/*", "{ not: acme/shop }", "\"{each.repository}\""] {
        assert!(lock(&tree(&[("policies/a.yaml", &policy(written))]), &catalogue(), &sightings).names.is_empty(), "{written}");
    }
    let aliased = policy("*name").replace("issuer:", "description: &name acme/shop\nissuer:");
    let escaped = policy("\"acme\\x2fshop\"");
    for text in [aliased, escaped] {
        let lock = lock(&tree(&[("policies/a.yaml", &text)]), &catalogue(), &sightings);
        assert_eq!((outcomes(&lock), lock.patch.as_str()), (vec![("acme/shop", LockOutcome::Unwritable)], ""), "{text}");
    }
    let elsewhere = policy("acme/shop").replace("github-actions", "gitlab");
    let lock = lock(&tree(&[("policies/a.yaml", &elsewhere)]), &catalogue(), &sightings);
    assert_eq!(outcomes(&lock), [("acme/shop", LockOutcome::Unseen)], "another issuer's name is another name");
}

#[test]
fn rows_are_pinned_in_their_own_file_and_once() {
    let each = policy("\"{each.repository}\"").replace("issuer:", "for_each: rows.yaml\nissuer:");
    let rows = "- { repository: acme/shop, name: a }\n- { repository: acme/web@7, name: b }";
    let files = [("policies/a.yaml", each.as_str()), ("policies/b.yaml", each.as_str()), ("rows.yaml", rows)];
    let lock = lock(&tree(&files), &catalogue(), &sightings(&[("acme/shop", "456789")]));
    let expected = "--- a/rows.yaml\n+++ b/rows.yaml\n@@ -1,2 +1,2 @@\n-- { repository: acme/shop, name: a }\n+- { repository: acme/shop@456789, name: a }\n - { repository: acme/web@7, name: b }\n\\ No newline at end of file\n";
    assert_eq!(lock.patch, expected);
    assert_eq!(lock.names.len(), 1);
}

#[test]
fn a_column_that_is_used_for_more_than_names_stays() {
    let each = policy("\"{each.repository}\"").replace("issuer:", "for_each: rows.yaml\nissuer:");
    let other = each.replace("repository: \"{each.repository}\"", "owner: acme@9001").replace("[a]", "[\"{each.repository}/a\"]");
    let files = [("policies/a.yaml", each.as_str()), ("policies/b.yaml", &other), ("rows.yaml", "- { repository: acme/shop }\n")];
    let sightings = sightings(&[("acme/shop", "456789")]);
    assert_eq!(outcomes(&lock(&tree(&files[..]), &catalogue(), &sightings)), [("acme/shop", LockOutcome::Unwritable)]);
    assert_eq!(outcomes(&lock(&tree(&[files[0], files[2]]), &catalogue(), &sightings)), [("acme/shop", LockOutcome::Pinned)]);
    let elsewhere = each.replace("github-actions", "gitlab");
    let files = [files[0], files[2], ("policies/c.yaml", &elsewhere)];
    assert_eq!(outcomes(&lock(&tree(&files), &catalogue(), &sightings)), [("acme/shop", LockOutcome::Unwritable)]);
}

#[test]
fn an_odd_id_is_quoted_or_left_alone() {
    let braces = sightings(&[("acme/shop", "{c7-1}")]);
    let text = policy("acme/shop")
        .replace("match:\n  repository: acme/shop\n  event: push", "match: { repository: acme/shop, event: push }");
    let proposed = lock(&tree(&[("policies/a.yaml", &text)]), &catalogue(), &braces);
    let line = proposed.patch.lines().find_map(|line| line.strip_prefix('+').filter(|line| line.starts_with("match"))).unwrap();
    assert_eq!(line, "match: { repository: \"acme/shop@{c7-1}\", event: push }");
    let pinned = text.replace("match: { repository: acme/shop, event: push }", line);
    let read = crate::words::yaml::Node::parse("a.yaml", pinned.as_bytes()).unwrap().to_json();
    assert_eq!(read["match"]["repository"], "acme/shop@{c7-1}");
    for odd in ["a@b", "*", "a\"b", "a\nb"] {
        let lock = lock(&tree(&[("policies/a.yaml", &policy("acme/shop"))]), &catalogue(), &sightings(&[("acme/shop", odd)]));
        assert_eq!(outcomes(&lock), [("acme/shop", LockOutcome::Unwritable)], "{odd:?}");
    }
}

#[test]
fn distant_changes_are_hunks_of_their_own() {
    let text = format!("{}{}", policy("acme/shop"), "# a\n".repeat(9)).replace("event: push\n", "event: push\n  owner: acme\n");
    let far = text.replace("  owner: acme\n", "").replace("grant:", "# far\n# far\n# far\n# far\n# far\n# far\n# far\ngrant:");
    let near = lock(&tree(&[("policies/a.yaml", &text)]), &catalogue(), &sightings(&[("acme/shop", "1")]));
    assert_eq!(near.patch.matches("@@ -").count(), 1, "{}", near.patch);
    let moved = far.replace("# far\ngrant", "  owner: acme\ngrant");
    let apart = lock(&tree(&[("policies/a.yaml", &moved)]), &catalogue(), &sightings(&[("acme/shop", "1")]));
    assert!(apart.patch.contains("@@ -1,6 +1,6 @@") && apart.patch.contains("@@ -8,7 +8,7 @@"), "{}", apart.patch);
}
