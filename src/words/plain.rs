//! Text that somebody else wrote, among lines of ours.

use std::borrow::Cow;
use std::path::Path;

/// What runners of GitHub and of Azure Pipelines take for a command wherever it stands in a line: `##[name]`, `##vso[name]`.
const COMMANDS: [&str; 2] = ["##[", "##vso["];

/// The text as a part of one line that says no more than it shows: what would begin another line, steer a terminal, turn the
/// direction of writing (UAX #9) or command a runner is written out, as `\u{1b}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = without_commands(text);
    if !text.contains(steers) {
        return text;
    }
    let escaped = text.chars().map(|one| if steers(one) { one.escape_unicode().to_string() } else { one.to_string() });
    Cow::Owned(escaped.collect())
}

/// Text of ours, in which nothing that somebody else wrote is a command to a runner.
pub fn without_commands(text: &str) -> Cow<'_, str> {
    replaced(text, "#\\u{23}")
}

/// `instead` stands for the two signs by which a command begins.
fn replaced<'a>(text: &'a str, instead: &str) -> Cow<'a, str> {
    let mut shown = Cow::Borrowed(text);
    for command in COMMANDS {
        if shown.contains(command) {
            shown = Cow::Owned(shown.replace(command, &format!("{instead}{}", &command[2..])));
        }
    }
    shown
}

/// What other people name: files of a checkout, folders.
pub trait PlainPath {
    /// The name as a part of one line that says no more than it shows.
    fn plain(&self) -> String;
}

impl PlainPath for Path {
    fn plain(&self) -> String {
        plain(&self.to_string_lossy()).into_owned()
    }
}

/// Text of several lines in the same form: its lines stay.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    if text.chars().all(|one| one == '\n' || !steers(one)) {
        return without_commands(text);
    }
    Cow::Owned(text.split('\n').map(plain).collect::<Vec<_>>().join("\n"))
}

/// Its beginning in the same form, where it is longer than this many characters.
pub fn excerpt(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        Some((end, _)) => Cow::Owned(format!("{}…", plain(&text[..end]))),
        None => plain(text),
    }
}

/// A JSON document that says no more than it shows: what would steer is escaped (RFC 8259, section 7), so that whoever parses it reads
/// the same. The writer has escaped what is ASCII, and all of the rest stands in texts.
pub fn plain_json(document: &str) -> Cow<'_, str> {
    let is_told = |one: char| steers(one) && !matches!(one, '\n');
    let document = replaced(document, "#\\u0023");
    if !document.contains(is_told) {
        return document;
    }
    let escaped = |one: char| if is_told(one) { format!("\\u{:04x}", u32::from(one)) } else { one.to_string() };
    Cow::Owned(document.chars().map(escaped).collect())
}

/// Whether a character does something beside being shown.
pub fn steers(character: char) -> bool {
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

    #[test]
    fn nothing_in_it_is_a_command_to_a_runner() {
        assert_eq!(
            plain("a ##[set-output name=x]y ##vso[task.prependpath]/z # #["),
            "a #\\u{23}[set-output name=x]y #\\u{23}vso[task.prependpath]/z # #["
        );
        assert_eq!(plain_lines("a\n##[group]b"), "a\n#\\u{23}[group]b");
        let value = serde_json::json!({ "a": "##[x] ##vso[y]" });
        let shown = plain_json(&value.to_string()).into_owned();
        assert!(!shown.contains("##"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn a_document_means_what_it_meant() {
        let value = serde_json::json!({ "a": "x\u{9b}2K\u{202e}\n\u{2028}\u{7f}\u{1b}ü" });
        let shown = plain_json(&format!("{value:#}")).into_owned();
        assert!(shown.contains("\n  \"a\": \"x\\u009b2K\\u202e\\n\\u2028\\u007f\\u001bü\""), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
