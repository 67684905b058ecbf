//! Escapes text that somebody else wrote, for our own lines of output.

use super::without_secrets;
use std::borrow::Cow;
use std::net::Ipv6Addr;
use std::path::Path;

/// Text that runners read as a command anywhere in a line: GitHub's and Azure Pipelines' `##[name]`, Azure's `##vso[name]`, TeamCity's
/// `##teamcity[name]`. GitLab's `section_start:` counts only between ESC and CR, which are escaped as control characters.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];
/// What GitHub's runner reads as a command at the begin of a line, behind white space: `::name::`.
const COMMAND_OF_LINE: &str = "::";
/// Beyond control characters, in the order of Unicode: what formats text (category Cf), what separates lines (Zl, Zp), and what a
/// terminal shows nothing of (Default_Ignorable_Code_Point). With these two texts look alike, or one looks like another.
const INVISIBLE: [(char, char); 25] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Escapes text for one line of output, as `\u{1b}`: characters that begin a new line, control a terminal, change the direction of
/// writing (UAX #9) or are invisible, and commands to a runner. The text may begin the line, such as the path of a file, so it does not
/// begin like a command. It leaves nothing out: what a policy says is to be seen.
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = without_command_of_line(without_commands(text));
    if !text.contains(is_control) {
        return text;
    }
    let escaped = text.chars().map(|one| if is_control(one) { one.escape_unicode().to_string() } else { one.to_string() });
    Cow::Owned(escaped.collect())
}

/// Escapes commands to a runner and nothing else, for text of ours that contains text of others.
pub fn without_commands(text: &str) -> Cow<'_, str> {
    replaced(text, "#\\u{23}")
}

/// Whether a runner reads a command in a line of a text that has to stay as it is, such as a patch.
pub fn has_command(line: &str) -> bool {
    begins_command(line.trim_start()) || COMMANDS.iter().any(|command| line.contains(command))
}

/// An IPv6 address may begin so too, and is no command.
fn begins_command(text: &str) -> bool {
    text.starts_with(COMMAND_OF_LINE) && text.parse::<Ipv6Addr>().is_err()
}

/// Escapes the first character of a command at the begin of a line. GitHub's runner looks behind white space, of which the one that is no
/// control character stays.
fn without_command_of_line(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_space = |one: char| one.is_whitespace() && !is_control(one);
    if begins_command(text.trim_start_matches(is_space)) { Cow::Owned(text.replacen(':', "\\u{3a}", 1)) } else { text }
}

/// Replaces the two characters at the beginning of a command with `instead`.
fn replaced<'a>(text: &'a str, instead: &str) -> Cow<'a, str> {
    let mut result = Cow::Borrowed(text);
    for command in COMMANDS {
        if result.contains(command) {
            result = Cow::Owned(result.replace(command, &format!("{instead}{}", &command[2..])));
        }
    }
    result
}

/// Escapes paths, which other people name.
pub trait PlainPath {
    /// Escapes the path for one line of output. A private key that was given in its place is left out.
    fn plain(&self) -> String;
}

impl PlainPath for Path {
    fn plain(&self) -> String {
        plain(&without_secrets(&self.to_string_lossy())).into_owned()
    }
}

/// Escapes a single value, and shortens it to this many characters. A private key that was given in its place is left out.
pub fn excerpt(text: &str, characters: usize) -> Cow<'_, str> {
    let shown = without_secrets(text);
    match (shown.char_indices().nth(characters), shown) {
        (Some((end, _)), shown) => Cow::Owned(format!("{}…", plain(&shown[..end]))),
        (None, Cow::Borrowed(text)) => plain(text),
        (None, Cow::Owned(text)) => Cow::Owned(plain(&text).into_owned()),
    }
}

/// Escapes a JSON document (RFC 8259, section 7), so that it parses to the same value. The writer has escaped ASCII control characters
/// already, and other characters occur in strings only.
pub fn plain_json(document: &str) -> Cow<'_, str> {
    let is_escaped = |one: char| is_control(one) && !matches!(one, '\n');
    let document = replaced(document, "#\\u0023");
    if !document.contains(is_escaped) {
        return document;
    }
    let escaped = |one: char| match is_escaped(one) {
        true => one.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        false => one.to_string(),
    };
    Cow::Owned(document.chars().map(escaped).collect())
}

/// Whether a character has an effect other than being shown.
pub fn is_control(character: char) -> bool {
    // Nearly all text is ASCII, and every line of the log is looked at.
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    let behind = INVISIBLE.partition_point(|(first, _)| *first <= character);
    character.is_control() || behind.checked_sub(1).is_some_and(|at| character <= INVISIBLE[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::hir::{Class, HirKind};

    #[test]
    fn control_characters_of_others_are_escaped() {
        assert_eq!(plain("acme/shop@1 \"übung\" `x`"), "acme/shop@1 \"übung\" `x`");
        assert_eq!(plain("a\u{1b}[2K\rNobody\nWIDENS\u{202e}\u{2028}"), "a\\u{1b}[2K\\u{d}Nobody\\u{a}WIDENS\\u{202e}\\u{2028}");
    }

    #[test]
    fn every_character_that_is_not_shown_is_escaped_and_no_other() {
        let rule = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]";
        let HirKind::Class(Class::Unicode(class)) = regex_syntax::parse(rule).unwrap().into_kind() else { panic!("a class") };
        let not_shown = |one: char| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&one));
        let wrong: Vec<u32> = ('\0'..=char::MAX).filter(|one| is_control(*one) != not_shown(*one)).map(u32::from).collect();
        assert!(wrong.is_empty(), "{wrong:X?}");
        assert_eq!(plain("prod\u{ad}uction\u{200b}\u{2060}\u{e0001}"), "prod\\u{ad}uction\\u{200b}\\u{2060}\\u{e0001}");
    }

    /// A list is escaped as one text: what is left out of one entry could be the rest of the list.
    #[test]
    fn escaping_leaves_nothing_out() {
        let key = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
        for list in ["PRIVATE KEY-----abcdefgh, production", "AGE-SECRET-KEY-12345678-production, x", &key] {
            assert_eq!(plain(list), list);
        }
        assert_eq!(Path::new(&key).plain(), "AGE-SECRET-KEY-…");
        assert_eq!((&*excerpt(&key, 30), &*excerpt(&key, 10)), ("AGE-SECRET-KEY-…", "AGE-SECRET…"));
        assert_eq!(excerpt(&format!("a\nb {key}"), 4), "a\\u{a}b …");
    }

    /// A path is printed at the begin of a line, as in `PATH is changed`. GitHub's runner trims the line, as .NET does.
    #[test]
    fn a_text_does_not_begin_like_a_command() {
        for (text, expected) in [
            ("::stop-commands::x", "\\u{3a}:stop-commands::x"),
            ("::error title=PWN::y/secrets/a.yaml", "\\u{3a}:error title=PWN::y/secrets/a.yaml"),
            (" \u{3000}\u{a0}::debug::", " \u{3000}\u{a0}\\u{3a}:debug::"),
            ("\u{feff}::debug::", "\\u{feff}::debug::"),
            ("\n::debug::", "\\u{a}::debug::"),
            ("##teamcity[buildStop]", "#\\u{23}teamcity[buildStop]"),
            ("\u{1b}[0Ksection_start:1:x\r\u{1b}[0K", "\\u{1b}[0Ksection_start:1:x\\u{d}\\u{1b}[0K"),
            ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
            ("a::b", "a::b"),
        ] {
            assert_eq!(plain(text), expected);
            assert_eq!(plain(expected), expected);
        }
        assert_eq!(Path::new("::error::x").plain(), "\\u{3a}:error::x");
        assert_eq!(excerpt("::error::x", 4), "\\u{3a}:er…");
        assert!(has_command(" ::error::x") && has_command("# ##[error]") && !has_command(" a::b"));
    }

    #[test]
    fn commands_to_a_runner_are_escaped() {
        assert_eq!(
            plain("a ##[set-output name=x]y ##vso[task.prependpath]/z # #["),
            "a #\\u{23}[set-output name=x]y #\\u{23}vso[task.prependpath]/z # #["
        );
        let value = serde_json::json!({ "a": "##[x] ##vso[y]" });
        let escaped = plain_json(&value.to_string()).into_owned();
        assert!(!escaped.contains("##"), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn an_escaped_document_parses_to_the_same_value() {
        let value = serde_json::json!({ "a": "x\u{9b}2K\u{202e}\n\u{2028}\u{7f}\u{1b}ü\u{200b}\u{e0001}" });
        let escaped = plain_json(&format!("{value:#}")).into_owned();
        assert!(escaped.contains("\n  \"a\": \"x\\u009b2K\\u202e\\n\\u2028\\u007f\\u001bü\\u200b\\udb40\\udc01\""), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }
}
