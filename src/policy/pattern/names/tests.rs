use super::*;
use crate::words::names::SecretPath;
use crate::words::names::patterns::{PATH, ROLE_ARN};
use proptest::prelude::*;
use std::sync::LazyLock;

fn check(form: &'static str, pattern: &str) -> Result<(), String> {
    let names = NameForm { kind: "thing", form, example: "`shop/**`" };
    Pattern::parse(pattern).unwrap().check_can_name(&names).map_err(|fault| fault.to_string())
}

#[test]
fn the_fault_names_the_character_that_no_name_has_there() {
    for (pattern, words) in [
        ("/**", "`/` cannot stand at its beginning"),
        ("shop/../x", "`.` cannot stand behind `shop/`"),
        ("shop//*", "`/` cannot stand behind `shop/`"),
        ("shop/*/", "it cannot end with `shop/*/`"),
        ("shop db/**", "a space cannot stand behind `shop`"),
        ("sh\u{f6}p", "`\u{f6}` (U+00F6) cannot stand behind `sh`"),
        ("**/a#b", "`#` cannot stand behind `**/a`"),
    ] {
        let fault = check(PATH, pattern).unwrap_err();
        assert_eq!(fault, format!("no thing is called like that: {words}. Write for example `shop/**`"), "{pattern}");
    }
    let fault = check(ROLE_ARN, "arn:aws:iam::123:role/*").unwrap_err();
    assert!(fault.contains("`:` cannot stand behind `arn:aws:iam::123`"), "{fault}");
}

#[test]
fn a_pattern_that_some_name_fits_is_one() {
    for pattern in ["**", "*", "shop/**", "**/db.yaml", "shop/*/db-*", "a/**/b", "Shop/DB.yaml", "*.yaml", "_/-"] {
        assert_eq!(check(PATH, pattern), Ok(()), "{pattern}");
    }
    for pattern in ["arn:aws:iam::*:role/**", "**", "arn:**", "**/deploy", "arn:aws-*:iam::1234*:role/a/b", "*:role/x"] {
        let expected = pattern != "*:role/x";
        assert_eq!(check(ROLE_ARN, pattern).is_ok(), expected, "{pattern}");
    }
    let long = |letters: usize| format!("arn:aws:iam::123456789012:role/{}", "a".repeat(letters));
    assert_eq!((check(ROLE_ARN, &long(64)), check(ROLE_ARN, &long(65)).is_err()), (Ok(()), true));
}

/// Every path of up to seven of these characters.
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut all = vec![String::new()];
    for at in 0..7 {
        let longest: Vec<String> = all.iter().filter(|text| text.len() == at).cloned().collect();
        all.extend(longest.iter().flat_map(|text| ["a", "b", ".", "/"].map(|one| format!("{text}{one}"))));
    }
    all.retain(|text| SecretPath::parse(text).is_ok());
    all
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn agrees_with_a_look_at_every_path(pattern in "[ab./*]{1,6}") {
        if let Ok(parsed) = Pattern::parse(&pattern) {
            prop_assert_eq!(check(PATH, &pattern).is_ok(), PATHS.iter().any(|path| parsed.matches(path)), "{}", pattern);
        }
    }
}
