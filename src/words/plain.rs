//! Escapes text that somebody else wrote, for our own lines of output.

use std::borrow::Cow;
use std::path::Path;

/// Text that runners of GitHub and of Azure Pipelines read as a command anywhere in a line: `##[name]`, `##vso[name]`.
const COMMANDS: [&str; 2] = ["##[", "##vso["];
/// How an identity of age begins, in capitals: its Bech32 form has one case throughout.
pub(super) const AGE_KEY: &str = "AGE-SECRET-KEY-";
/// How the first line of a private key in PEM ends (RFC 7468, section 13). What follows is the key, to the end.
pub(super) const PEM_KEY: &str = "PRIVATE KEY-----";
/// Fewer characters behind such a beginning are no key: messages name the beginning alone.
const KEY_CHARACTERS_MIN: usize = 8;

/// Escapes text for one line of output, as `\u{1b}`: characters that begin a new line, control a terminal or change the direction of
/// writing (UAX #9), and commands to a runner.
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = match without_keys(text) {
        Cow::Borrowed(text) => without_commands(text),
        Cow::Owned(text) => Cow::Owned(without_commands(&text).into_owned()),
    };
    if !text.contains(steers) {
        return text;
    }
    let escaped = text.chars().map(|one| if steers(one) { one.escape_unicode().to_string() } else { one.to_string() });
    Cow::Owned(escaped.collect())
}

/// Leaves out what looks like a private key: people give one where the name of its file belongs, and an error quotes the name.
pub fn without_keys(text: &str) -> Cow<'_, str> {
    // Both beginnings have this. Nearly all text lacks it, and is not copied.
    if !text.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"KEY-")) {
        return Cow::Borrowed(text);
    }
    let capitals = text.to_ascii_uppercase();
    for (mark, to_the_end) in [(PEM_KEY, true), (AGE_KEY, false)] {
        for (start, _) in capitals.match_indices(mark) {
            let (shown, rest) = text.split_at(start + mark.len());
            let behind = rest.trim_start();
            let length = behind.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/-".contains(byte)).count();
            if length < KEY_CHARACTERS_MIN {
                continue;
            }
            let left = if to_the_end { "" } else { &behind[length..] };
            // What stands before may hold a key of the other form.
            return Cow::Owned(format!("{}…{}", without_keys(shown), without_keys(left)));
        }
    }
    Cow::Borrowed(text)
}

/// Escapes commands to a runner and nothing else, for text of ours that contains text of others.
pub fn without_commands(text: &str) -> Cow<'_, str> {
    replaced(text, "#\\u{23}")
}

/// Replaces the two characters at the beginning of a command with `instead`.
fn replaced<'a>(text: &'a str, instead: &str) -> Cow<'a, str> {
    let mut shown = Cow::Borrowed(text);
    for command in COMMANDS {
        if shown.contains(command) {
            shown = Cow::Owned(shown.replace(command, &format!("{instead}{}", &command[2..])));
        }
    }
    shown
}

/// Escapes paths, which other people name.
pub trait PlainPath {
    /// Escapes the path for one line of output.
    fn plain(&self) -> String;
}

impl PlainPath for Path {
    fn plain(&self) -> String {
        plain(&self.to_string_lossy()).into_owned()
    }
}

/// Escapes text of several lines, without the line breaks.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    if text.chars().all(|one| one == '\n' || !steers(one)) {
        return without_commands(text);
    }
    Cow::Owned(text.split('\n').map(plain).collect::<Vec<_>>().join("\n"))
}

/// Escapes text, and shortens it to this many characters.
pub fn excerpt(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        Some((end, _)) => Cow::Owned(format!("{}…", plain(&text[..end]))),
        None => plain(text),
    }
}

/// Escapes a JSON document (RFC 8259, section 7), so that it parses to the same value. The writer has escaped ASCII control characters
/// already, and other characters occur in strings only.
pub fn plain_json(document: &str) -> Cow<'_, str> {
    let is_told = |one: char| steers(one) && !matches!(one, '\n');
    let document = replaced(document, "#\\u0023");
    if !document.contains(is_told) {
        return document;
    }
    let escaped = |one: char| if is_told(one) { format!("\\u{:04x}", u32::from(one)) } else { one.to_string() };
    Cow::Owned(document.chars().map(escaped).collect())
}

/// Whether a character has an effect other than being shown.
pub fn steers(character: char) -> bool {
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_others_are_escaped() {
        assert_eq!(plain("acme/shop@1 \"übung\" `x`"), "acme/shop@1 \"übung\" `x`");
        assert_eq!(plain("a\u{1b}[2K\rNobody\nWIDENS\u{202e}\u{2028}"), "a\\u{1b}[2K\\u{d}Nobody\\u{a}WIDENS\\u{202e}\\u{2028}");
    }

    #[test]
    fn a_private_key_in_place_of_a_name_is_left_out() {
        let key = "AGE-SECRET-KEY-1CA9QQQQX7";
        assert_eq!(
            plain(&format!("cfg/{key}: No such file, {}", key.to_lowercase())),
            "cfg/AGE-SECRET-KEY-…: No such file, age-secret-key-…"
        );
        let pem = "-----BEGIN PRIVATE KEY-----MIIEvQIBADAN\nhunter2 -----END PRIVATE KEY-----";
        assert_eq!(plain(pem), "-----BEGIN PRIVATE KEY-----…");
        assert_eq!(plain(&format!("{key} {pem}")), "AGE-SECRET-KEY-… -----BEGIN PRIVATE KEY-----…");
        assert_eq!(std::path::Path::new(key).plain(), "AGE-SECRET-KEY-…");
        for told in ["AGE-SECRET-KEY-1… (X25519), AGE-SECRET-KEY-PQ-1…", "no PEM key (`-----BEGIN PRIVATE KEY-----`) in a"] {
            assert_eq!(plain(told), told);
        }
        assert_eq!(plain("age1qqq is a recipient"), "age1qqq is a recipient");
    }

    #[test]
    fn commands_to_a_runner_are_escaped() {
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
    fn an_escaped_document_parses_to_the_same_value() {
        let value = serde_json::json!({ "a": "x\u{9b}2K\u{202e}\n\u{2028}\u{7f}\u{1b}ü" });
        let shown = plain_json(&format!("{value:#}")).into_owned();
        assert!(shown.contains("\n  \"a\": \"x\\u009b2K\\u202e\\n\\u2028\\u007f\\u001bü\""), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
