//! Repositories of GitHub: a grant is within bounds if all of its repositories are, and `{repository}` may be any.

use super::*;

fn policy(repositories: &str) -> String {
    POLICY.replace(
        "secrets: [\"**\"]",
        &format!("github: {{ app: acme, repositories: {repositories}, permissions: {{ contents: read }} }}"),
    )
}

fn with(github: &str) -> String {
    ALLOWED.replace("id_token: [\"https://api.partner.example\"]", &format!("github: [{github}]"))
}

#[test]
fn a_grant_lies_within_bounds_in_all_its_repositories() {
    for (repositories, allowed, is_within) in [
        ("[acme/a@1]", "acme/a", true),
        ("[acme/a@1, acme/b@2]", "acme/a", false),
        ("[acme/a@1, acme/b@2]", "acme/a, acme/b", true),
        ("{ all: acme }", "acme/a", false),
        ("{ all: acme }", "acme/*", true),
        ("[\"{repository}\"]", "acme/*", false),
        ("[\"{repository}\", acme/a@1]", "acme/a", false),
        ("[\"{repository}\", acme/a@1]", "\"**\"", true),
    ] {
        let (_, (_, faults)) = in_force(&policy(repositories), &with(allowed), None);
        assert_eq!(faults.is_empty(), is_within, "{repositories} within {allowed}: {faults:?}");
    }
}

/// Narrower bounds take away a grant in each of its forms: no part of it stays in force.
#[test]
fn narrower_bounds_leave_nothing_outside_in_force() {
    for (repositories, wide) in
        [("[\"{repository}\"]", "\"**\""), ("{ all: acme }", "acme/*"), ("[acme/a@1, acme/b@2]", "acme/*")]
    {
        let (old, (set, faults)) = in_force(&policy(repositories), &with(wide), None);
        assert!(faults.is_empty() && set.policies().len() == 1, "{faults:?}");
        let (_, (set, faults)) = in_force(&policy(repositories), &with("acme/a"), Some(&old));
        assert!(set.policies().is_empty() && faults.iter().any(|fault| fault.contains("may not grant github")), "{faults:?}");
    }
}

#[test]
fn bounds_of_repositories_are_used_by_every_form_of_a_grant() {
    let source = SourceName::parse("team-a").unwrap();
    let unused = |repositories: &str, allowed: &str| {
        let tree: Tree = [("policies/deploy.yaml".to_owned(), Arc::from(policy(repositories).as_bytes()))].into();
        let (ruleset, _) = Ruleset::load(&tree, &catalogue(), None);
        let definition = format!("allowed: {{ issuers: [github], grant: {{ github: [{allowed}] }} }}\n");
        let bounds = Bounds::of_definition(&source, "team-a.yaml", definition.as_bytes(), &catalogue()).unwrap();
        bounds.unused("team-a.yaml", ruleset.set().policies()).len()
    };
    for (repositories, allowed) in [
        ("[\"{repository}\"]", "\"**\""),
        ("[\"{repository}\", acme/a@1]", "\"**\""),
        ("{ all: acme }", "acme/*"),
        ("[acme/a@1]", "acme/a"),
    ] {
        assert_eq!(unused(repositories, allowed), 0, "{repositories}");
    }
    assert_eq!(unused("[acme/a@1]", "acme/a, acme/b"), 1);
}
