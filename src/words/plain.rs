//! Text that somebody else wrote, among lines of ours.

use std::borrow::Cow;

/// The text as a part of one line that says no more than it shows: what would begin another line, steer a terminal or turn the
/// direction of writing (UAX #9) is written out, as `\u{1b}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|one| if steers(one) { one.escape_unicode().to_string() } else { one.to_string() });
    Cow::Owned(escaped.collect())
}

/// Its beginning in the same form, where it is longer than this many characters.
pub fn excerpt(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        Some((end, _)) => Cow::Owned(format!("{}…", plain(&text[..end]))),
        None => plain(text),
    }
}

fn steers(character: char) -> bool {
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_speaks_for_us() {
        assert_eq!(plain("acme/shop@1 \"übung\" `x`"), "acme/shop@1 \"übung\" `x`");
        assert_eq!(plain("a\u{1b}[2K\rNobody\nWIDENS\u{202e}\u{2028}"), "a\\u{1b}[2K\\u{d}Nobody\\u{a}WIDENS\\u{202e}\\u{2028}");
    }
}
