use super::*;
use crate::policy::Pattern;
use proptest::prelude::*;
use regex::Regex;

fn patterns(regex: &str) -> Vec<String> {
    translate(regex).unwrap_or_else(|reason| panic!("{reason}")).patterns
}

#[test]
fn what_patterns_express_is_translated() {
    let cases: [(&str, &[&str]); 19] = [
        ("repo:o/r:ref:refs/heads/main", &["repo:o/r:ref:refs/heads/main"]),
        (r"o/r/\.github/workflows/a\.yml@.*", &["o/r/.github/workflows/a.yml@**"]),
        ("o/r/.github/a.yml", &["o/r/.github/a.yml"]),
        ("^repo:o/r:ref:refs/heads/(main|master)$", &["repo:o/r:ref:refs/heads/main", "repo:o/r:ref:refs/heads/master"]),
        ("schedule|workflow_dispatch", &["schedule", "workflow_dispatch"]),
        ("(a$|b)", &["a", "b"]),
        ("^a$|^b$", &["a", "b"]),
        ("refs/heads/.+", &["refs/heads/**"]),
        ("refs/heads/[^/]+", &["refs/heads/*"]),
        ("mq-.*", &["mq-*"]),
        (r"v[345]\.x", &["v3.x", "v4.x", "v5.x"]),
        ("a(/.*)?", &["a/**", "a"]),
        ("a.*.*b", &["a*b"]),
        ("a[^/]*.*", &["a*"]),
        ("(a|)", &["a"]),
        (r"\x6d\x{61}[i]n", &["main"]),
        (".*?", &["**"]),
        ("(?P<_b1>a)", &["a"]),
        ("(?<b>.)*", &["**"]),
    ];
    for (regex, expected) in cases {
        assert_eq!(patterns(regex), expected, "{regex}");
    }
}

#[test]
fn what_no_pattern_expresses_is_refused_with_its_place() {
    let cases = [
        ("refs/pull/[0-9]+/merge", "character 11: `[0-9]+`"),
        (r"v\d+", "character 2: `\\d+`"),
        (r"v\d", "character 2: `\\d`"),
        ("a)|(", "character 2"),
        ("(?i)a", "character 1: `(?i)`"),
        ("(?i:a)", "character 1"),
        ("a$b", "character 2: `$`"),
        ("(a$|b)c", "character 3: `$`"),
        (r"\bmain", "character 1"),
        ("a{2}", "character 1: `a{2}`"),
        ("a{,2}", "character 3"),
        ("a+", "character 1: `a+`"),
        ("(ab)*", "character 1: `(ab)*`"),
        ("[^a]*", "character 1: `[^a]*`"),
        ("[^a]", "character 1: `[^a]`"),
        ("[a&&b]", "character 1"),
        ("[^a&&b]*", "character 1"),
        ("[^/[:]]*", "character 1"),
        (r"[^\d]*", "character 1"),
        ("[a-z]", "character 1: `[a-z]`"),
        (r"\pL", "character 1"),
        (r"a\*", "the character"),
        ("a.+.+", "`a*` would match more"),
        ("(a|b|c|d|e)(a|b|c|d|e)(a|b|c|d|e)", "more than 64 alternatives"),
        ("", "the empty text alone"),
        (r"refs/heads/\u006dain", r"character 12: `\u006d`: RE2"),
        (r"\U0000006dain", r"character 1: `\U0000006d`: RE2"),
        (r"\u{6d}ain", r"character 1: `\u{6d}`: RE2"),
        (r"[a\u006d]", r"character 3: `\u006d`: RE2"),
        (r"[\u0061-b]", r"character 2: `\u0061`: RE2"),
        (r"[a-\U{62}]", r"character 4: `\U{62}`: RE2"),
        (r"[^\u002f]*", r"character 3: `\u002f`: RE2"),
        (".*??", "character 1: `.*??`: RE2"),
        ("(a|b???)", "character 4: `b???`: RE2"),
        ("x(?P<a.b>y)", "character 6: `a.b`: RE2"),
        ("(?<a[0]>y)", "character 4: `a[0]`: RE2"),
        ("(?P<ü>.)*", "character 5: `ü`: RE2"),
        ("(a|b(?P<a.b>y)?)", "character 9: `a.b`: RE2"),
    ];
    for (regex, reason) in cases {
        let refused = translate(regex).expect_err(regex).to_string();
        assert!(refused.contains(reason), "{regex}: {refused}");
    }
}

#[test]
fn what_is_narrower_is_told() {
    for (regex, note) in [
        ("a|b", "each alternative is matched whole"),
        ("a.b", "only a full stop here"),
        ("mq-.*", "narrower as `mq-*`"),
        ("[^/]*", "ends at `/`, `:` and `@`"),
        ("(|a)", "the empty text is left out"),
    ] {
        let notes = translate(regex).unwrap().notes;
        assert!(notes.iter().any(|text| text.contains(note)), "{regex}: {notes:?}");
    }
    assert_eq!(translate("(a|b)c").unwrap().notes, BTreeSet::new());
    for (regex, excluded) in [(".+", &[""][..]), (".*", &[]), ("x@.+", &["x@"]), ("(a|b).+", &["a", "b"])] {
        assert_eq!(translate(regex).unwrap().excluded, excluded, "{regex}");
    }
    assert!(translate("(a|ab.+)").unwrap().notes.iter().any(|note| note.contains("narrower")));
}

const PARTS: [&str; 22] = [
    "a",
    "b",
    "/",
    ":",
    "@",
    ".",
    r"\.",
    ".*",
    ".+",
    "[^/]*",
    "[^/]+",
    "[^/:@]*",
    "[ab]",
    "[^a]*",
    "[0-9]+",
    "a?",
    "(a|b)",
    "(a$|/)",
    "|",
    "^",
    "$",
    "refs/heads/",
];

fn expression() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PARTS[..]), 1..7).prop_map(|parts| parts.concat())
}

/// A text that matches the pattern: each wildcard becomes one of the fillings.
fn fitting(pattern: &str, fillings: &[String]) -> String {
    let mut text = String::new();
    for (index, part) in pattern.replace("**", "*").split('*').enumerate() {
        if index > 0 {
            text.push_str(&fillings[(index - 1) % fillings.len()]);
        }
        text.push_str(part);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn no_translation_is_wider(
        regex in expression(),
        fillings in prop::collection::vec("[ab/:@.0]{0,3}", 1..4),
        other in "[ab/:@.0]{0,6}",
    ) {
        let Ok(translated) = translate(&regex) else { return Ok(()) };
        let whole = Regex::new(&format!("^(?:{regex})$")).unwrap();
        let excluded: Vec<Pattern> = translated.excluded.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let leaves_out_nothing = translated.excluded.iter().any(String::is_empty);
        for pattern in &translated.patterns {
            let parsed = Pattern::parse(pattern).unwrap();
            for text in [fitting(pattern, &fillings), format!("{other}{}", fitting(pattern, &fillings)), other.clone()] {
                let out = excluded.iter().any(|excluded| excluded.matches(&text)) || (leaves_out_nothing && text.is_empty());
                if parsed.matches(&text) && !out {
                    prop_assert!(whole.is_match(&text), "{pattern} matches {text:?}, and {regex} does not");
                }
            }
        }
    }
}
