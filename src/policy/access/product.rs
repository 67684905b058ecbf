//! A search through the product of the patterns' own automata, for a text that fits some patterns and none of others.

use super::matcher::{Matcher, SearchResult, Test};
use crate::policy::pattern::{Positions, is_plain_character};
use std::collections::HashMap;
use std::ops::Range;

/// The most states of one search. Real conditions need a few hundred. With more, the result is unknown.
const STATES_MAX: usize = 100_000;
/// The most steps of patterns and comparisons of states in one search: about a second. Real conditions need some ten thousand.
const WORK_MAX: usize = 10_000_000;
/// The most choices of one pattern from each list. Real conditions have a list or two, of a few patterns.
const CHOICES_MAX: usize = 1_000;
/// Letters for "any other character": the first that no pattern names is used.
const OTHERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_";
/// More such letters, if the patterns name all of `OTHERS`. Plain texts may have them too.
const FURTHER: std::ops::RangeInclusive<char> = '\u{4e00}'..='\u{9fa5}';
/// Characters for private use. No plain text has them.
const PRIVATE: std::ops::RangeInclusive<char> = '\u{e000}'..='\u{f8ff}';

/// What a text has to fit and what it may not fit.
pub(super) struct Product<'a> {
    /// Of each of these lists a text has to fit one.
    needed: Vec<&'a [Matcher]>,
    /// Of these a text may fit none.
    unwanted: Vec<&'a Matcher>,
    alphabet: Vec<char>,
    /// Whether the alphabet has a character for all that no pattern names. If the patterns name too many there is none.
    is_complete: bool,
}

/// Where a text leads in the patterns of a product.
#[derive(Clone)]
struct State {
    /// In those of `needed`, list by list.
    needed: Vec<Positions>,
    unwanted: Vec<Positions>,
}

/// A state with the last character that leads to it, and the number of the state before that.
struct Reached {
    state: State,
    by: Option<(usize, char)>,
}

impl<'a> Product<'a> {
    /// For these tests. One that accepts every text changes nothing.
    pub(super) fn new(tests: &[Test<'a>]) -> Self {
        let of = |inside: bool| tests.iter().filter(move |test| test.inside == inside && test.outside != inside);
        let needed: Vec<&[Matcher]> = of(true).map(|test| test.matchers).collect();
        let unwanted: Vec<&Matcher> = of(false).flat_map(|test| test.matchers).collect();
        let all = || needed.iter().copied().flatten().chain(unwanted.iter().copied());
        let named = all().flat_map(|matcher| {
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
        let has_plain = all().any(|matcher| matcher.pattern.is_of_plain_texts());
        let in_no_plain_text = || (' '..='~').chain(PRIVATE).filter(|character| !is_plain_character(*character));
        let unplain = has_plain.then(|| in_no_plain_text().find(unnamed)).flatten();
        let is_complete = other.is_some() && unplain.is_some() == has_plain;
        alphabet.splice(0..0, other.into_iter().chain(unplain));
        Self { needed, unwanted, alphabet, is_complete }
    }

    /// A shortest text that satisfies the tests and is `good`. It has one character or more.
    pub(super) fn shortest(&self, good: &dyn Fn(&str) -> bool) -> SearchResult {
        let mut reached: Vec<Reached> = self.starts().into_iter().map(|state| Reached { state, by: None }).collect();
        let mut visited = VisitedStates::default();
        let (mut number, mut work) = (0, 0);
        while number < reached.len() {
            for character in &self.alphabet {
                let (state, by) = (self.step(&reached[number].state, *character), Some((number, *character)));
                work += state.needed.len() + state.unwanted.len();
                if self.is_dead(&state) {
                    continue;
                }
                if self.is_satisfied(&state)
                    && let text = text_by(by, &reached)
                    && good(&text)
                {
                    return SearchResult::Example(text);
                }
                if visited.is_new(&state, &mut work) {
                    reached.push(Reached { state, by });
                }
                if reached.len() > STATES_MAX || work > WORK_MAX {
                    return SearchResult::Unknown;
                }
            }
            number += 1;
        }
        if self.is_complete { SearchResult::Nothing } else { SearchResult::Unknown }
    }

    /// Where the empty text leads. Of each list that is needed a text has to fit one: each choice is a start of its own, and what the
    /// others would do makes no states. If there are too many choices, none is made.
    fn starts(&self) -> Vec<State> {
        let start = |matcher: &Matcher| matcher.pattern.start();
        let needed = self.needed.iter().copied().flatten().map(start).collect();
        let mut starts = vec![State { needed, unwanted: self.unwanted.iter().copied().map(start).collect() }];
        let choices = self.needed.iter().try_fold(1_usize, |all, list| all.checked_mul(list.len()));
        if choices.is_none_or(|choices| choices > CHOICES_MAX) {
            return starts;
        }
        let mut begin = 0;
        for list in &self.needed {
            let range = begin..begin + list.len();
            let chosen = |state: &State| range.clone().map(|one| state.choosing(one, range.clone())).collect::<Vec<State>>();
            starts = starts.iter().flat_map(chosen).collect();
            begin = range.end;
        }
        starts
    }

    fn step(&self, state: &State, character: char) -> State {
        let step = |(matcher, positions): (&Matcher, &Positions)| matcher.pattern.step(positions, character, matcher.fold);
        let needed = self.needed.iter().copied().flatten().zip(&state.needed).map(step).collect();
        State { needed, unwanted: self.unwanted.iter().copied().zip(&state.unwanted).map(step).collect() }
    }

    /// Whether no text that goes on from here satisfies the tests.
    fn is_dead(&self, state: &State) -> bool {
        self.needed_lists(state).any(|(_, positions)| positions.iter().all(Positions::is_nowhere))
            || self.unwanted.iter().zip(&state.unwanted).any(|(matcher, positions)| matcher.pattern.takes_all(positions))
    }

    fn is_satisfied(&self, state: &State) -> bool {
        let accepts = |matcher: &Matcher, positions: &Positions| matcher.pattern.accepts(positions);
        self.needed_lists(state).all(|(list, positions)| list.iter().zip(positions).any(|(one, at)| accepts(one, at)))
            && !self.unwanted.iter().zip(&state.unwanted).any(|(one, at)| accepts(one, at))
    }

    /// Each list that is needed, with its positions.
    fn needed_lists<'s>(&'s self, state: &'s State) -> impl Iterator<Item = (&'s [Matcher], &'s [Positions])> {
        let mut rest = &*state.needed;
        self.needed.iter().map(move |list| {
            let (own, others) = rest.split_at(list.len());
            rest = others;
            (*list, own)
        })
    }
}

impl State {
    /// The same where of these patterns that are needed only this one can fit.
    fn choosing(&self, one: usize, list: Range<usize>) -> Self {
        let mut chosen = self.clone();
        list.filter(|other| *other != one).for_each(|other| chosen.needed[other].leave());
        chosen
    }
}

/// The text that leads to a state by this one.
fn text_by(by: Option<(usize, char)>, reached: &[Reached]) -> String {
    let before = std::iter::successors(by, |(number, _)| reached[*number].by);
    let mut characters: Vec<char> = before.map(|(_, character)| character).collect();
    characters.reverse();
    characters.into_iter().collect()
}

/// The states that were visited: those of what is unwanted, by those of what is needed.
#[derive(Default)]
struct VisitedStates(HashMap<Vec<Positions>, Vec<Vec<Positions>>>);

impl VisitedStates {
    /// Whether it is not known yet. It is if another state has the same positions in what is needed and no further ones in what is
    /// unwanted: each text that leads from here to the end leads there from the other one too.
    fn is_new(&mut self, state: &State, work: &mut usize) -> bool {
        let alike = self.0.entry(state.needed.clone()).or_default();
        *work += alike.len();
        let is_known = |earlier: &Vec<Positions>| earlier.iter().zip(&state.unwanted).all(|(one, other)| one.is_within(other));
        let is_new = !alike.iter().any(is_known);
        if is_new {
            alike.push(state.unwanted.clone());
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::pattern::Pattern;
    use proptest::prelude::*;

    fn matchers(texts: &[String]) -> Option<Vec<Matcher>> {
        let matcher = |text: &String| Some(Matcher { pattern: Pattern::parse(text).ok()?.expanded(), fold: false, name: None });
        texts.iter().map(matcher).collect()
    }

    /// All texts of these letters, the shortest first.
    fn texts(letters: &[char], length: usize) -> Vec<String> {
        let longer = |texts: &Vec<String>| {
            Some(texts.iter().flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}"))).collect())
        };
        std::iter::successors(Some(vec![String::new()]), longer).take(length + 1).skip(1).flatten().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_shortest_text_is_found_if_there_is_one(
            needed in prop::collection::vec(prop::collection::vec("[ab/*]{1,4}", 1..4), 0..3),
            unwanted in prop::collection::vec("[ab/*]{1,3}", 0..5),
        ) {
            let lists: Option<Vec<Vec<Matcher>>> = needed.iter().chain([&unwanted]).map(|list| matchers(list)).collect();
            let Some((unwanted, needed)) = lists.as_deref().and_then(<[_]>::split_last) else { return Ok(()) };
            let all = needed.iter().map(|matchers| Test { matchers, inside: true, outside: false });
            let tests: Vec<Test<'_>> = all.chain([Test { matchers: unwanted, inside: false, outside: true }]).collect();
            let fits = |text: &str| {
                needed.iter().all(|list| list.iter().any(|one| one.matches(text))) && !unwanted.iter().any(|one| one.matches(text))
            };
            let first = texts(&['a', 'b', 'c', '/', ':'], 4).into_iter().find(|text| fits(text));
            match Product::new(&tests).shortest(&|_| true) {
                SearchResult::Example(text) => {
                    prop_assert!(fits(&text), "{text}");
                    prop_assert!(first.map_or(text.len() > 4, |first| first.len() == text.len()), "{text}");
                }
                SearchResult::Nothing => prop_assert_eq!(first, None),
                SearchResult::Unknown => prop_assert!(false, "such patterns have few states"),
            }
        }
    }

    /// Each text may have some of the parts: without leaving out what leads nowhere new these are more states than can be visited.
    #[test]
    fn many_patterns_need_few_states() {
        let parts: Vec<String> = (0..40).map(|number| format!("*{}{number}*", char::from(b'a' + number % 26))).collect();
        let all = matchers(&parts).unwrap();
        let of = |matchers, inside: bool| Test { matchers, inside, outside: !inside };
        let search = |tests: &[Test<'_>]| Product::new(tests).shortest(&|_| true);
        assert_eq!(search(&[of(&all[..39], false), of(&all[39..], true)]), SearchResult::Example("n39".to_owned()));
        assert_eq!(search(&[of(&all, false), of(&all[..39], true)]), SearchResult::Nothing);
        assert_eq!(search(&[of(&all[..10], true), of(&all[10..20], true), of(&all[..11], false)]), SearchResult::Nothing);
    }
}
