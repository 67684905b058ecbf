//! Whether one text can satisfy several tests at once: a search through the product of the patterns' own automata.

use crate::policy::pattern::{Pattern, Positions, is_plain_character};
use std::collections::{HashSet, VecDeque};

/// The most states of one search. Real conditions need a few hundred. With more, the result is unknown.
const STATES_MAX: usize = 100_000;
/// Letters for "any other character": the first that no pattern names is used.
const OTHERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_";
/// More such letters, if the patterns name all of `OTHERS`. Plain texts may have them too.
const FURTHER: std::ops::RangeInclusive<char> = '\u{4e00}'..='\u{9fa5}';
/// Characters for private use. No plain text has them.
const PRIVATE: std::ops::RangeInclusive<char> = '\u{e000}'..='\u{f8ff}';

/// One pattern that a text may fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Matcher {
    pub(super) pattern: Pattern,
    /// Whether it ignores the case of ASCII letters.
    pub(super) fold: bool,
    /// The name that a policy writes before an id. It is only for people.
    pub(super) name: Option<String>,
}

impl Matcher {
    /// Fits this text alone.
    pub(super) fn exact(text: &str) -> Self {
        Self { pattern: Pattern::literal_of(text), fold: false, name: None }
    }
}

/// A condition on a text: whether it may fit one of the matchers (`inside`), and whether it may fit none (`outside`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Test<'a> {
    pub(super) matchers: &'a [Matcher],
    pub(super) inside: bool,
    pub(super) outside: bool,
}

/// What the search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SearchResult {
    /// This text satisfies all tests.
    Example(String),
    /// No text can.
    Nothing,
    /// The search stopped early: nobody knows whether one can.
    Unknown,
}

impl Matcher {
    /// The only text that fits, if there is only one.
    pub(super) fn word(&self) -> Option<&str> {
        if self.fold { None } else { self.pattern.literal() }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if self.fold { self.pattern.matches_folded(text) } else { self.pattern.matches(text) }
    }
}

impl Test<'_> {
    fn holds(&self, text: &str) -> bool {
        if self.matchers.iter().any(|matcher| matcher.matches(text)) { self.inside } else { self.outside }
    }
}

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
    let holds = |text: &str| !text.is_empty() && good(text) && tests.iter().all(|test| test.holds(text));
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

struct Product<'a> {
    tests: &'a [Test<'a>],
    matchers: Vec<&'a Matcher>,
    alphabet: Vec<char>,
    /// Whether the alphabet has a character for all that no pattern names. If the patterns name too many there is none.
    is_complete: bool,
}

impl<'a> Product<'a> {
    fn new(tests: &'a [Test<'a>]) -> Self {
        let matchers: Vec<&Matcher> = tests.iter().flat_map(|test| test.matchers).collect();
        let named = matchers.iter().flat_map(|matcher| {
            let both = |character: char| {
                if matcher.fold { vec![character.to_ascii_lowercase(), character.to_ascii_uppercase()] } else { vec![character] }
            };
            matcher.pattern.characters().flat_map(both)
        });
        let mut alphabet: Vec<char> = named.collect();
        alphabet.sort_unstable();
        alphabet.dedup();
        // One letter that no pattern names stands for all of them, and one character that is in no plain text for those.
        let unnamed = |letter: &char| alphabet.binary_search(letter).is_err();
        let other = OTHERS.chars().chain(FURTHER).find(unnamed);
        let has_plain = matchers.iter().any(|matcher| matcher.pattern.is_of_plain_texts());
        let in_no_plain_text = || (' '..='~').chain(PRIVATE).filter(|character| !is_plain_character(*character));
        let unplain = has_plain.then(|| in_no_plain_text().find(unnamed)).flatten();
        let is_complete = other.is_some() && unplain.is_some() == has_plain;
        alphabet.splice(0..0, other.into_iter().chain(unplain));
        Self { tests, matchers, alphabet, is_complete }
    }

    fn shortest(&self, good: &dyn Fn(&str) -> bool) -> SearchResult {
        let start: Vec<Positions> = self.matchers.iter().map(|matcher| matcher.pattern.start()).collect();
        let mut seen = HashSet::from([start.clone()]);
        let mut waiting = VecDeque::from([(start, String::new())]);
        while let Some((state, text)) = waiting.pop_front() {
            for character in &self.alphabet {
                let step =
                    |(matcher, positions): (&&Matcher, &Positions)| matcher.pattern.step(positions, *character, matcher.fold);
                let next: Vec<Positions> = self.matchers.iter().zip(&state).map(step).collect();
                if seen.contains(&next) {
                    continue;
                }
                let longer = format!("{text}{character}");
                if self.satisfied(&next) && good(&longer) {
                    return SearchResult::Example(longer);
                }
                if seen.len() >= STATES_MAX {
                    return SearchResult::Unknown;
                }
                seen.insert(next.clone());
                waiting.push_back((next, longer));
            }
        }
        if self.is_complete { SearchResult::Nothing } else { SearchResult::Unknown }
    }

    fn satisfied(&self, state: &[Positions]) -> bool {
        let mut accepted = self.matchers.iter().zip(state).map(|(matcher, positions)| matcher.pattern.accepts(positions));
        self.tests.iter().all(|test| {
            let fits = accepted.by_ref().take(test.matchers.len()).fold(false, |any, one| any | one);
            if fits { test.inside } else { test.outside }
        })
    }
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
