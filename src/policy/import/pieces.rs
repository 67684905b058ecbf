//! Translates another system's pattern, read in pieces, into a pattern of a policy that matches no more texts.

mod error;

pub(super) use error::{LikeError, PieceError};

use super::super::pattern::is_delimiter;
use std::ops::Range;

/// One piece of another system's pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Literal(char),
    Wild(Wildcard),
}

/// A wildcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wildcard {
    /// Whether it matches delimiters of segments too.
    pub(super) crosses: bool,
    /// The fewest characters that it matches. A wildcard of a policy also matches none.
    pub(super) least: usize,
}

/// A pattern of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written {
    pub(super) text: String,
    /// Whether it matches less than the original, because a wildcard stays within its segment.
    pub(super) narrowed: bool,
    /// Patterns to exclude: for each wildcard that needs a character in the original, the pattern without that wildcard.
    pub(super) excluded: Vec<String>,
}

/// Writes the pieces as a pattern of a policy. The error names what no pattern expresses.
pub(super) fn write(pieces: &[Piece]) -> Result<Written, PieceError> {
    let mut written = Written { text: String::new(), narrowed: false, excluded: Vec::new() };
    let mut holes = Vec::new();
    let mut rest = pieces;
    while let Some((first, behind)) = rest.split_first() {
        match first {
            Piece::Literal(character) => {
                written.text.push(literal(*character)?);
                rest = behind;
            }
            Piece::Wild(_) => {
                let (wild, behind) = run_of(rest);
                let start = written.text.len();
                written.push(wild, behind.is_empty())?;
                holes.extend((wild.least > 0).then_some(start..written.text.len()));
                rest = behind;
            }
        }
    }
    let without = |hole: &Range<usize>| format!("{}{}", &written.text[..hole.start], &written.text[hole.end..]);
    written.excluded = holes.iter().map(without).collect();
    if written.text.contains("{each.") {
        return Err(PieceError::Placeholder);
    }
    Ok(written)
}

fn literal(character: char) -> Result<char, PieceError> {
    match character {
        '*' => Err(PieceError::Star),
        _ if character.is_control() => Err(PieceError::Control),
        _ => Ok(character),
    }
}

/// Joins adjacent wildcards into one, because two adjacent stars are a wildcard of another kind here. If one of them needs a
/// character other than a delimiter, the joined one stays within its segment.
fn run_of(pieces: &[Piece]) -> (Wildcard, &[Piece]) {
    let (mut run, mut stays) = (Wildcard { crosses: false, least: 0 }, false);
    let mut rest = pieces;
    while let Some((Piece::Wild(wild), behind)) = rest.split_first() {
        run = Wildcard { crosses: run.crosses || wild.crosses, least: run.least + wild.least };
        stays |= !wild.crosses && wild.least > 0;
        rest = behind;
    }
    run.crosses &= !stays;
    (run, rest)
}

impl Written {
    fn push(&mut self, wild: Wildcard, ends: bool) -> Result<(), PieceError> {
        let starts_segment = self.text.chars().next_back().is_none_or(is_delimiter);
        if wild.least > 1 {
            return Err(PieceError::Counts { pattern: format!("{}*", self.text) });
        }
        if wild.crosses && ends && starts_segment {
            self.text.push_str("**");
        } else {
            self.narrowed |= wild.crosses;
            self.text.push('*');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Piece = Piece::Wild(Wildcard { crosses: true, least: 0 });
    const SOME: Piece = Piece::Wild(Wildcard { crosses: true, least: 1 });
    const SOME_SEGMENT: Piece = Piece::Wild(Wildcard { crosses: false, least: 1 });
    const SEGMENT: Piece = Piece::Wild(Wildcard { crosses: false, least: 0 });

    fn pieces(text: &str) -> Vec<Piece> {
        let piece = |character| match character {
            '~' => ANY,
            '+' => SOME,
            '-' => SEGMENT,
            '=' => SOME_SEGMENT,
            other => Piece::Literal(other),
        };
        text.chars().map(piece).collect()
    }

    #[test]
    fn wildcards_take_whole_segments_at_the_end_alone() {
        let good = [
            ("a/~", "a/**", false),
            ("~", "**", false),
            ("a~", "a*", true),
            ("a/~/b", "a/*/b", true),
            ("~/b", "*/b", true),
            ("a/-", "a/*", false),
            ("a/-~", "a/**", false),
            ("a~~b", "a*b", true),
            ("refs/heads/+", "refs/heads/**", false),
            ("refs/heads/=~", "refs/heads/*", false),
        ];
        for (original, text, narrowed) in good {
            let written = write(&pieces(original)).unwrap();
            assert_eq!((written.text.as_str(), written.narrowed), (text, narrowed), "{original}");
        }
        assert_eq!(write(&pieces("=~")).unwrap().text, "*");
    }

    #[test]
    fn a_wildcard_that_needs_a_character_excludes_the_pattern_without_it() {
        for (original, text, excluded) in [
            ("+", "**", &[""][..]),
            ("a+", "a*", &["a"]),
            ("a/+", "a/**", &["a/"]),
            ("refs/heads/+x", "refs/heads/*x", &["refs/heads/x"]),
            ("+x+/~", "*x*/**", &["x*/**", "*x/**"]),
            ("a~", "a*", &[]),
        ] {
            let written = write(&pieces(original)).unwrap();
            assert_eq!(
                (written.text.as_str(), written.excluded),
                (text, excluded.iter().map(|&text| text.to_owned()).collect()),
                "{original}"
            );
        }
    }

    #[test]
    fn what_a_pattern_would_widen_is_refused() {
        for bad in ["++", "refs/heads/++", "=+", "a*b", "a\nb", "{each.x}"] {
            assert!(write(&pieces(bad)).is_err(), "{bad}");
        }
    }
}
