//! Which characters are printable. These are those of Go's `unicode.IsPrint` without the space: letters, marks, numbers, punctuation and
//! symbols. octo-sts demands them in every subject.

use regex_syntax::hir::{Class, HirKind};
use std::sync::LazyLock;

/// Go has Unicode 15 since 1.21. It may refuse later characters, so they must not count here.
const PRINTABLE: &str = r"[\p{L}\p{M}\p{N}\p{P}\p{S}&&\p{Age=15.0}]";

/// The ranges of printable characters, in order.
static RANGES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| match regex_syntax::parse(PRINTABLE).map(|hir| hir.into_kind()) {
    Ok(HirKind::Class(Class::Unicode(class))) => class.iter().map(|range| (range.start(), range.end())).collect(),
    _ => Vec::new(),
});

/// Whether a character is printable.
pub(in crate::policy) fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_graphic();
    }
    let behind = RANGES.partition_point(|(start, _)| *start <= character);
    behind.checked_sub(1).and_then(|at| RANGES.get(at)).is_some_and(|(_, end)| character <= *end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_prints_is_printable_and_nothing_that_came_later() {
        for good in "aé~!→€—…“”😀\u{301}日ⓐ½²№\u{fffd}\u{1fae8}\u{31350}".chars() {
            assert!(is_printable(good), "{good:?} U+{:04X}", u32::from(good));
        }
        let control = " \n\u{7f}\u{85}\u{a0}\u{ad}\u{200b}\u{2028}\u{3000}\u{feff}\u{e000}\u{e0001}\u{10ffff}";
        // Unicode 15.1, 16 and 17: ideographs, Garay, Todhri, a Latin and a Cyrillic letter, a face.
        let later = "\u{2ebf0}\u{2ffc}\u{10d40}\u{105c0}\u{a7cb}\u{1c89}\u{1fae9}\u{323b0}";
        for bad in control.chars().chain(later.chars()) {
            assert!(!is_printable(bad), "U+{:04X}", u32::from(bad));
        }
    }
}
