//! Changes to a text that leave every other byte as it is.

use super::error::SpliceError;
use crate::words::Secret;
use std::ops::Range;

/// Replacements in any order. They must not overlap.
#[derive(Default)]
pub(super) struct Splices(Vec<(Range<usize>, Secret)>);

impl Splices {
    /// Replaces the range with the text.
    pub(super) fn put(&mut self, place: Range<usize>, text: impl Into<Secret>) {
        self.0.push((place, text.into()));
    }

    pub(super) fn cut(&mut self, place: Range<usize>) {
        self.put(place, String::new());
    }

    /// The changed text. Its buffer never grows, so that no copy of a secret stays behind in memory.
    pub(super) fn apply(mut self, text: &str) -> Result<Secret, SpliceError> {
        self.0.sort_by_key(|(place, _)| (place.start, place.end));
        let length = text.len() + self.0.iter().map(|(_, new)| new.expose().len()).sum::<usize>();
        let mut spliced = Vec::with_capacity(length);
        let mut kept = 0;
        for (place, new) in &self.0 {
            let between = text.get(kept..place.start).ok_or(SpliceError::Overlap)?;
            spliced.extend_from_slice(between.as_bytes());
            spliced.extend_from_slice(new.expose());
            kept = place.end;
        }
        spliced.extend_from_slice(text.get(kept..).ok_or(SpliceError::Beyond)?.as_bytes());
        Ok(Secret::new(spliced))
    }
}

/// The start of the line that this byte is on.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The end of the line that this byte is on, before its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    if text[at..end].ends_with('\r') { end - 1 } else { end }
}

/// The start of the next line.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_stay_and_overlapping_changes_are_refused() {
        let mut splices = Splices::default();
        splices.put(3..6, "two".to_owned());
        splices.cut(0..2);
        splices.put(9..9, "!".to_owned());
        assert_eq!(splices.apply("a: one x\n").unwrap().expose(), b" two x\n!");
        let mut overlapping = Splices::default();
        overlapping.cut(0..3);
        overlapping.cut(2..4);
        assert!(overlapping.apply("abcdef").is_err());
        let mut beyond = Splices::default();
        beyond.cut(3..9);
        assert!(beyond.apply("abc").is_err());
    }
}
