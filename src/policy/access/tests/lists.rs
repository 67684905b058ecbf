//! A denial looks into a claim that is a list. A change that lets such a token pass is a gain like every other.

use super::*;

fn with_denial(line: &str) -> Tree {
    let policy = DEPLOY.replace("  ref: refs/heads/main\n", "").replace("  secrets: [shop/**]\n", "");
    let rails = format!("denials:\n  - description: d\n    issuer: github\n    claims: {{ /unit: {line} }}\n");
    tree(&[("policies/a.yaml", &policy), ("guardrails.yaml", &rails)])
}

#[test]
fn a_list_that_a_changed_denial_lets_pass_is_told() {
    for (old, new) in [
        ("{ like: [contractor, guest], not: guest }", "contractor"),
        ("{ like: [contractor, guest], not: guest }", "{ like: [contractor, staff], not: staff }"),
        ("{ like: ext-*, not: [ext-a, ext-b] }", "{ like: [ext-1*, ext-2*], not: [ext-1a] }"),
        ("{ not: staff }", "{ not: [staff, guest] }"),
        ("[5, 6]", "5"),
        ("{ not: 7405926018347 }", "{ not: [7405926018347, 8] }"),
    ] {
        let (old, new) = (with_denial(old), with_denial(new));
        let found = compared(&old, &new);
        let widens = found.iter().find(|change| change.direction == Direction::Widens);
        let widens = widens.unwrap_or_else(|| panic!("{new:?}: {found:?}"));
        let (before, after) = (load(&old), load(&new));
        for part in &widens.parts {
            assert!(allows(&after, &part.example, &deploy()) && !allows(&before, &part.example, &deploy()), "{:?}", part.example);
        }
    }
}

#[test]
fn what_stops_the_same_lists_and_texts_changes_nothing() {
    for (old, new) in [("[a, b]", "[b, a]"), ("{ like: [a, b], not: b }", "{ not: b, like: [b, a] }"), ("[a, a*]", "a*")] {
        let found = compared(&with_denial(old), &with_denial(new));
        assert!(found.iter().all(|change| change.parts.is_empty()), "{old} {new}: {found:?}");
    }
}
