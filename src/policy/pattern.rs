//! Whole-string, byte-exact patterns: `*` stays within a segment, `**` takes any number of them. No regex.
//!
//! Segments end at `/`, `:` and `@`. Matching reads the text once with a set of positions, so no pattern is slow.

mod names;
mod positions;
mod printable;

use super::error::PATTERN_CHARACTERS_MAX;
use super::error::PatternError;
use super::template::Piece;
pub(in crate::policy) use names::{NameForm, NamePatternError, NoNameError};
pub(in crate::policy) use positions::Positions;
pub(in crate::policy) use printable::is_printable;
use std::fmt;

/// The longest subject of OpenID Connect Core 1.0, section 2.
const PLAIN_CHARACTERS_MAX: usize = 255;
/// The characters with a meaning in shells, queries and markup.
const SIGNS: &str = "\"'`\\<>;&$(){}[]";

/// A parsed pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    text: String,
    /// Empty if the text has no wildcard: most texts of a hundred thousand policies have none.
    steps: Box<[Step]>,
    literal: bool,
    /// If only plain texts fit: how many characters stand before the plain text. A pattern without a wildcard says its text itself.
    plain_behind: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// This character.
    Literal(char),
    /// `*`: any characters of one segment.
    WithinSegment,
    /// `**` with its delimiter: any number of whole segments.
    Segments(char),
    /// `**` at the end: anything.
    Anything,
}

/// What ends a segment.
const DELIMITERS: [char; 3] = ['/', ':', '@'];

pub(super) const fn is_delimiter(character: char) -> bool {
    matches!(character, '/' | ':' | '@')
}

const fn is_same(one: char, other: char, fold: bool) -> bool {
    one == other || (fold && one.eq_ignore_ascii_case(&other))
}

/// Whether a text is plain: it has only printable characters, and no white space, quotes, brackets or signs of shells.
pub(super) fn is_plain(text: &str) -> bool {
    are_plain(text.chars())
}

fn are_plain(mut text: impl Iterator<Item = char> + Clone) -> bool {
    text.clone().count() <= PLAIN_CHARACTERS_MAX && text.all(is_plain_character)
}

pub(super) fn is_plain_character(character: char) -> bool {
    is_printable(character) && !SIGNS.contains(character)
}

impl Pattern {
    /// Parses a pattern without placeholders.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let pieces: Vec<Piece> = text.chars().map(|character| Piece { character, literal: false }).collect();
        Self::from_pieces(&pieces)
    }

    /// Parses a pattern whose placeholders are filled. The values are literal: a `*` in them is no wildcard.
    pub(super) fn from_pieces(pieces: &[Piece]) -> Result<Self, PatternError> {
        if pieces.is_empty() {
            return Err(PatternError::Empty);
        }
        if pieces.len() > PATTERN_CHARACTERS_MAX {
            return Err(PatternError::TooLong);
        }
        let star = |index: usize| pieces.get(index).is_some_and(|piece| piece.character == '*' && !piece.literal);
        let mut steps = Vec::with_capacity(pieces.len());
        let mut index = 0;
        while let Some(piece) = pieces.get(index) {
            if !star(index) {
                steps.push(Step::Literal(piece.character));
                index += 1;
            } else if !star(index + 1) {
                steps.push(Step::WithinSegment);
                index += 1;
            } else {
                let starts = index == 0 || is_delimiter(pieces[index - 1].character);
                let next = pieces.get(index + 2).map(|piece| piece.character);
                match next {
                    None if starts => steps.push(Step::Anything),
                    Some(delimiter) if starts && is_delimiter(delimiter) => steps.push(Step::Segments(delimiter)),
                    _ => return Err(PatternError::WithinSegment),
                }
                index += 3;
            }
        }
        let literal = steps.iter().all(|step| matches!(step, Step::Literal(_)));
        let text = pieces.iter().map(|piece| piece.character).collect();
        Ok(Self { text, steps: if literal { Box::default() } else { steps.into() }, literal, plain_behind: None })
    }

    /// The same pattern, which only plain texts fit.
    pub(super) fn of_plain_texts(self) -> Self {
        let plain_behind = (!self.literal).then_some(0);
        Self { plain_behind, ..self }
    }

    /// The same pattern with all of its steps, also if it is literal.
    pub(super) fn expanded(&self) -> Self {
        if self.literal { Self::literal_of(&self.text) } else { self.clone() }
    }

    /// The same below a folder.
    pub(super) fn below(&self, folder: &str) -> Self {
        let text = format!("{folder}/{}", self.text);
        let before = folder.chars().chain(['/']).map(Step::Literal);
        let steps = if self.literal { Box::default() } else { before.chain(self.steps.iter().copied()).collect() };
        Self { text, steps, literal: self.literal, plain_behind: self.plain_behind }
    }

    /// Whether the whole text fits.
    pub fn matches(&self, text: &str) -> bool {
        if self.is_literal() { self.text == text } else { self.walks(text, false) }
    }

    /// The same where the CI compares ASCII letters without regard to case.
    pub(super) fn matches_folded(&self, text: &str) -> bool {
        if self.is_literal() { self.text.eq_ignore_ascii_case(text) } else { self.walks(text, true) }
    }

    fn walks(&self, text: &str, fold: bool) -> bool {
        if self.plain_behind.is_some_and(|before| !are_plain(text.chars().skip(before.into()))) {
            return false;
        }
        // Most texts differ before the first wildcard, where each step has one character.
        let Some((index, rest)) = self.behind_its_beginning(text, fold) else { return false };
        let end = rest.chars().fold(self.at(index), |positions, character| self.step(&positions, character, fold));
        self.accepts(&end)
    }

    /// The first step that is a wildcard, and the rest of the text; `None` if the text begins otherwise.
    fn behind_its_beginning<'a>(&self, text: &'a str, fold: bool) -> Option<(usize, &'a str)> {
        let mut rest = text.chars();
        for (index, step) in self.steps.iter().enumerate() {
            let Step::Literal(expected) = *step else { return Some((index, rest.as_str())) };
            rest.next().filter(|character| is_same(*character, expected, fold))?;
        }
        Some((self.steps.len(), rest.as_str()))
    }

    /// The pattern as an automaton: its positions before the first character. The pattern has to be expanded.
    pub(super) fn start(&self) -> Positions {
        self.at(0)
    }

    fn at(&self, index: usize) -> Positions {
        let mut positions = Positions::nowhere(self.steps.len());
        self.enter(&mut positions, index);
        positions
    }

    /// Its positions after one more character; `fold` ignores the case of ASCII letters. The length of a plain text is not counted.
    pub(super) fn step(&self, positions: &Positions, character: char, fold: bool) -> Positions {
        let mut next = Positions::nowhere(self.steps.len());
        for (index, step) in positions.iter().filter_map(|index| Some((index, self.steps.get(index)?))) {
            match *step {
                _ if self.plain_behind.is_some_and(|before| index >= before.into()) && !is_plain_character(character) => {}
                Step::Literal(expected) if is_same(character, expected, fold) => self.enter(&mut next, index + 1),
                Step::Literal(_) => {}
                Step::WithinSegment if is_delimiter(character) => {}
                Step::WithinSegment | Step::Anything => self.enter(&mut next, index),
                Step::Segments(delimiter) => {
                    next.insert(index);
                    if character == delimiter {
                        self.enter(&mut next, index + 1);
                    }
                }
            }
        }
        next
    }

    /// Whether the text read so far is a whole match.
    pub(super) fn accepts(&self, positions: &Positions) -> bool {
        positions.contains(self.steps.len())
    }

    /// Whether every text is a whole match that goes on from here.
    pub(super) fn takes_all(&self, positions: &Positions) -> bool {
        let last = self.steps.len().checked_sub(1).filter(|last| self.steps[*last] == Step::Anything);
        self.plain_behind.is_none() && last.is_some_and(|last| positions.contains(last))
    }

    /// The characters of its text, without wildcards.
    pub(super) fn named(&self) -> impl Iterator<Item = char> {
        self.text.chars().filter(|character| self.literal || *character != '*')
    }

    /// Whether only plain texts fit. These end at a length, which no position tells.
    pub(super) const fn is_of_plain_texts(&self) -> bool {
        self.plain_behind.is_some()
    }

    /// The characters that it distinguishes from all others.
    pub(super) fn characters(&self) -> impl Iterator<Item = char> {
        let named = self.steps.iter().filter_map(|step| match step {
            Step::Literal(character) | Step::Segments(character) => Some(*character),
            Step::WithinSegment | Step::Anything => None,
        });
        named.chain(DELIMITERS)
    }

    /// Whether texts of both can begin alike: the characters before their first wildcards agree over the shorter of the two beginnings.
    pub(super) fn begins_like(&self, other: &Self) -> bool {
        self.fixed_start().zip(other.fixed_start()).all(|(one, other)| one == other)
    }

    fn fixed_start(&self) -> impl Iterator<Item = char> {
        self.steps.iter().map_while(|step| match step {
            Step::Literal(character) => Some(*character),
            Step::WithinSegment | Step::Segments(_) | Step::Anything => None,
        })
    }

    /// A text that fits, with one letter for each wildcard.
    pub(super) fn sample(&self) -> String {
        self.filled("a", "a")
    }

    /// The pattern's text with `within` for each `*` and `across` for each `**`.
    pub(super) fn filled(&self, within: &str, across: &str) -> String {
        if self.literal {
            return self.text.clone();
        }
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Literal(character) => text.push(*character),
                Step::WithinSegment => text.push_str(within),
                Step::Anything => text.push_str(across),
                Step::Segments(delimiter) => {
                    text.push_str(across);
                    text.push(*delimiter);
                }
            }
        }
        text
    }

    /// A pattern that fits this text only, whatever its characters.
    pub(super) fn literal_of(text: &str) -> Self {
        Self { text: text.to_owned(), steps: text.chars().map(Step::Literal).collect(), literal: true, plain_behind: None }
    }

    /// A pattern that fits every text with this first character.
    pub(super) fn any_behind(first: char) -> Self {
        let steps = Box::new([Step::Literal(first), Step::Anything]);
        Self { text: format!("{first}**"), steps, literal: false, plain_behind: None }
    }

    /// The same pattern after a literal first character.
    pub(super) fn behind(&self, first: char) -> Self {
        let own = self.expanded();
        let steps = std::iter::once(Step::Literal(first)).chain(own.steps.iter().copied()).collect();
        let plain_behind = self.plain_behind.map(|before| before.saturating_add(1));
        Self { text: format!("{first}{}", self.text), steps, literal: self.literal, plain_behind }
    }

    /// The text, if it has no wildcard.
    pub fn literal(&self) -> Option<&str> {
        self.is_literal().then_some(self.text.as_str())
    }

    const fn is_literal(&self) -> bool {
        self.literal
    }

    /// Marks a position, and the next ones that can be reached without a character.
    fn enter(&self, positions: &mut Positions, index: usize) {
        positions.insert(index);
        if self.steps.get(index).is_some_and(|step| !matches!(step, Step::Literal(_))) && !positions.contains(index + 1) {
            self.enter(positions, index + 1);
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn wildcards_stay_within_their_segments() {
        let good = [
            ("refs/heads/*", "refs/heads/main"),
            ("refs/heads/**", "refs/heads/a/b"),
            ("a/**/b", "a/b"),
            ("a/**/b", "a/x/y/b"),
            ("**", ""),
            ("acme/team-a-*", "acme/team-a-"),
        ];
        let bad = [
            ("refs/heads/*", "refs/heads/a/b"),
            ("acme/*", "acme/x@1"),
            ("a/**/b", "ab"),
            ("a/**/b", "a/xb"),
            ("a|b", "a"),
            ("main", "main2"),
            ("main", "xmain"),
            ("*", "a:b"),
        ];
        for (pattern, text) in good {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in bad {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_branch_name_cannot_forge_a_segment() {
        assert!(!matches("org/o/*/vcs-ref/refs/heads/main", "org/o/r/vcs-ref/refs/heads/x/vcs-ref/refs/heads/main"));
    }

    #[test]
    fn a_pattern_of_plain_texts_takes_no_signs() {
        let pattern = Pattern::parse("repo:acme/**").unwrap().of_plain_texts();
        assert!(pattern.matches("repo:acme/shop:ref:refs/heads/é→€😀|~!") && pattern.matches("repo:acme/"));
        for sign in " \t\n\u{7f}\u{a0}\u{200b}\"'`\\<>;&$(){}[]".chars() {
            assert!(!pattern.matches(&format!("repo:acme/a{sign}b")), "{sign:?}");
        }
        assert!(pattern.matches(&format!("repo:acme/{}", "a".repeat(245))));
        assert!(!pattern.matches(&format!("repo:acme/{}", "a".repeat(246))));
        let behind = pattern.behind('\u{1}');
        assert!(behind.matches(&format!("\u{1}repo:acme/{}", "a".repeat(245))) && !behind.matches("\u{1}repo:acme/a b"));
        let unplain = Pattern::parse("job (*)").unwrap().of_plain_texts();
        assert!(!unplain.matches("job (1)") && Pattern::parse("job (1)").unwrap().of_plain_texts().matches("job (1)"));
    }

    #[test]
    fn faulty_patterns_are_refused() {
        for bad in ["", "a**", "**a", "a/**b", "***"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_pattern_is_slow() {
        let pattern = format!("{}b", "*a".repeat(200));
        assert!(!matches(&pattern, &"a".repeat(2000)));
    }

    /// The obvious matcher: it tries every way to divide the text among the wildcards.
    fn oracle(pattern: &[char], text: &[char], at_start: bool) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', '*'] if at_start => true,
            ['*', '*', delimiter, rest @ ..] if at_start => {
                oracle(rest, text, true) || (0..text.len()).any(|i| text[i] == *delimiter && oracle(rest, &text[i + 1..], true))
            }
            ['*', rest @ ..] => {
                (0..=text.len()).take_while(|i| *i == 0 || !is_delimiter(text[i - 1])).any(|i| oracle(rest, &text[i..], false))
            }
            [literal, rest @ ..] => text.first() == Some(literal) && oracle(rest, &text[1..], is_delimiter(*literal)),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn agrees_with_the_obvious_matcher(pattern in "[ab/:*]{1,8}", text in "[ab/:]{0,8}") {
            if let Ok(parsed) = Pattern::parse(&pattern) {
                let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
                prop_assert_eq!(parsed.matches(&text), oracle(&p, &t, true));
            }
        }
    }
}
