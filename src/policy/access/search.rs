//! Whether one text can satisfy several tests at once.

use super::matcher::{Matcher, SearchResult, Test};
use super::product::Product;
use crate::policy::pattern::Pattern;

/// The first of these words that satisfies all tests.
pub(super) fn among(words: &[&str], tests: &[Test<'_>]) -> SearchResult {
    let fits = words.iter().find(|word| tests.iter().all(|test| test.holds(word)));
    fits.map_or(SearchResult::Nothing, |word| SearchResult::Example((*word).to_owned()))
}

/// A text that satisfies all tests: a sample of a pattern if that satisfies them, else a shortest one. It is never empty.
pub(super) fn search(tests: &[Test<'_>]) -> SearchResult {
    search_for(tests, &|_| true)
}

/// The same for texts that are also `good`.
pub(super) fn search_for(tests: &[Test<'_>], good: &dyn Fn(&str) -> bool) -> SearchResult {
    let positive = || tests.iter().filter(|test| test.inside && !test.outside);
    let holds = |text: &str| !text.is_empty() && tests.iter().all(|test| test.holds(text)) && good(text);
    // If a test accepts only whole words, no other texts have to be tried.
    if let Some(words) = positive().find_map(|test| test.matchers.iter().map(Matcher::word).collect::<Option<Vec<_>>>()) {
        let fits = words.into_iter().find(|word| holds(word));
        return fits.map_or(SearchResult::Nothing, |word| SearchResult::Example(word.to_owned()));
    }
    let suggested = positive().flat_map(|test| test.matchers).map(|matcher| matcher.pattern.sample()).chain(["a".to_owned()]);
    if let Some(text) = suggested.into_iter().find(|text| holds(text)) {
        return SearchResult::Example(text);
    }
    match Product::new(tests).shortest(&holds) {
        SearchResult::Nothing => search_long(tests, &holds),
        found => found,
    }
}

/// The same for texts that are too long for plain ones, so that no pattern of plain texts fits them. What a wildcard takes need not be
/// long: a text that is not plain for another reason was found before. This finds the long texts that patterns write out.
fn search_long(tests: &[Test<'_>], holds: &dyn Fn(&str) -> bool) -> SearchResult {
    if !tests.iter().flat_map(|test| test.matchers).any(|matcher| matcher.pattern.is_of_plain_texts()) {
        return SearchResult::Nothing;
    }
    let fitting = |test: &Test<'_>| -> Vec<Matcher> {
        test.matchers.iter().filter(|matcher| !matcher.pattern.is_of_plain_texts()).cloned().collect()
    };
    let matchers: Vec<Vec<Matcher>> = tests.iter().map(fitting).collect();
    let tests: Vec<Test<'_>> = tests.iter().zip(&matchers).map(|(test, matchers)| Test { matchers, ..*test }).collect();
    Product::new(&tests).shortest(holds)
}

/// Whether a text fits both patterns.
pub(in crate::policy) fn patterns_overlap(one: &Pattern, other: &Pattern) -> bool {
    // Every grant is compared with every old pattern: most pairs differ at their beginnings and need no search.
    match one.literal().or(other.literal()) {
        Some(text) => one.matches(text) && other.matches(text),
        None => one.begins_like(other) && have_a_text_in_common(one, other),
    }
}

fn have_a_text_in_common(one: &Pattern, other: &Pattern) -> bool {
    let matchers = [one, other].map(|pattern| [Matcher { pattern: pattern.expanded(), fold: false, name: None }]);
    let tests = matchers.each_ref().map(|matchers| Test { matchers, inside: true, outside: false });
    search(&tests) != SearchResult::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_with_different_beginnings_have_no_text_in_common() {
        let texts = [
            "shop/db.yaml",
            "shop/db.yamlx",
            "shop/*",
            "shop/**",
            "shop/*/db",
            "shop/d*.yaml",
            "sho*",
            "shops/**",
            "**",
            "*",
            "**/db.yaml",
            "team:a/**",
            "s",
            "shop/**/db.yaml",
            "stock/**",
            "shop/api/db",
        ];
        let patterns = texts.map(|text| Pattern::parse(text).unwrap());
        let mut apart = 0;
        for (one, other) in patterns.iter().flat_map(|one| patterns.iter().map(move |other| (one, other))) {
            assert_eq!(patterns_overlap(one, other), have_a_text_in_common(one, other), "{one} and {other}");
            apart += usize::from(!patterns_overlap(one, other));
        }
        assert!(apart > 50 && apart < texts.len().pow(2) - 50, "{apart}");
    }
}
