//! Patterns of plain texts, which take no signs and no long text.

use super::*;

fn revision(sub: &str, denied: Option<&str>) -> Tree {
    let policy = DEPLOY.replace("grant:", &format!("claims: {{ /sub: {sub} }}\ngrant:"));
    let rails = denied.map(|sub| format!("denials: [ {{ description: x, issuer: github, claims: {{ /sub: {sub} }} }} ]\n"));
    let rails = rails.iter().map(|rails| ("guardrails.yaml", rails.as_str()));
    tree(&rails.chain([("policies/deploy.yaml", policy.as_str())]).collect::<Vec<_>>())
}

/// Whether the role is gained, with a token that proves it: it is refused before and granted after.
fn gains(old: &Tree, new: &Tree) -> bool {
    let found = compared(old, new).into_iter().filter(|change| {
        change.direction == Direction::Widens && change.terms.is_empty() && change.credentials[0].starts_with("aws ")
    });
    let parts: Vec<ChangedPart> = found.flat_map(|change| change.parts).collect();
    for part in &parts {
        let allowed = [old, new].map(|tree| allows(&load(tree), &part.example, &deploy()));
        assert_eq!(allowed, [false, true], "{part:?}");
    }
    !parts.is_empty()
}

#[test]
fn what_no_plain_text_fits_is_gained() {
    let long = "a".repeat(256);
    let plain = |text: &str| format!("{{ plain: \"{text}\" }}");
    let like = |text: &str| format!("\"{text}\"");
    let gained = [
        (plain("a*"), like(&long)),
        (plain("job (*)"), like("job (1)")),
        (plain("a*"), "{ like: \"a*\", not: [\"* *\", \"*;*\", \"*<*\", \"*>*\", \"*'*\", \"*\u{e000}*\"] }".to_owned()),
        (plain("*"), like("*")),
    ];
    for (old, new) in &gained {
        assert!(gains(&revision(old, None), &revision(new, None)), "{old} {new}");
        let denied = |sub: &str| revision(&like("**"), Some(sub));
        assert!(gains(&denied(new), &denied(old)), "{new} {old}");
    }
    let (both, short) = (format!("[{}, a]", like(&long)), like("a"));
    assert!(gains(&revision(&both, Some(&plain("*"))), &revision(&both, None)), "a denial of plain texts goes");
    assert!(!gains(&revision(&like(&long), Some(&plain("*"))), &revision(&like(&long), None)), "it was none against this");
    assert!(!gains(&revision(&like("*"), None), &revision(&plain("*"), None)), "fewer texts are plain");
    assert!(!gains(&revision(&short, None), &revision(&plain("a*"), Some("\"a*\""))));
}

/// The whole texts of a line are tried one by one only if it has nothing else.
#[test]
fn a_long_text_beside_a_pattern_is_gained() {
    let long = "a".repeat(256);
    let policy = |sub: &str| DEPLOY.replace("grant:", &format!("claims: {{ /sub: {sub} }}\ngrant:"));
    let (plain, other) = (policy("{ plain: \"a*\" }"), policy("\"b*\""));
    let old = tree(&[("policies/deploy.yaml", &plain), ("policies/other.yaml", &other)]);
    let with =
        |text: &str| tree(&[("policies/deploy.yaml", &policy(&format!("[{text}, \"b*\"]"))), ("policies/other.yaml", &other)]);
    assert_eq!([gains(&old, &with(&long)), gains(&old, &with("aa"))], [true, false]);
}

/// The patterns of plain texts name every letter of `OTHERS`.
#[test]
fn the_search_finds_another_letter_if_the_patterns_name_all_usual_ones() {
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    let excluded: Vec<String> = letters.chars().map(|letter| format!("\"repo:acme/shop:{letter}*\"")).collect();
    let with = |more: &str| {
        let line = format!(
            "claims:\n  /sub: {{ plain: \"repo:acme/shop:*\", not: [\"repo:acme/shop:\", {}{more}] }}\n",
            excluded.join(", ")
        );
        tree(&[("policies/shop/deploy.yaml", &DEPLOY.replace("grant:", &format!("{line}grant:")))])
    };
    let (wide, narrow) = (with(""), with(", \"repo:acme/shop:日*\""));
    let found = compared(&narrow, &wide);
    assert!(found.iter().any(|change| change.direction == Direction::Widens), "{found:?}");
}
