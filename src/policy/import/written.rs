//! Writes a policy as YAML. Text from the original is quoted wherever YAML could read it as anything but text.

use super::lines::{LineExtras, Lines, Scalar};
use crate::identity::Attribute;
use crate::words::names::{IssuerName, RoleArn};
use crate::words::plain as escaped;
use std::fmt::Write;

/// The grant of the policy.
#[derive(Clone, Debug)]
pub(super) enum GrantText {
    Role(RoleArn),
    /// One line: the key of the section, and its value.
    Line(&'static str, String),
    /// Documents by pattern.
    Secrets(Vec<String>),
    /// What the original granted, as comments: a person chooses the grant.
    Chosen(Vec<String>),
}

/// Writes the file: for an issuer, and perhaps with a file of rows.
pub(super) fn yaml(description: &str, (issuer, rows): (&IssuerName, Option<&str>), lines: &Lines, granted: &GrantText) -> String {
    let mut text = format!("description: {}\nissuer: {issuer}\n", quoted(&comment(description)));
    if let Some(rows) = rows {
        _ = writeln!(text, "for_each: {}", self::text(rows));
    }
    if !lines.attributes.is_empty() {
        text.push_str("match:\n");
        let line = |attribute: &Attribute, values: &[Scalar]| line(values, lines.extras.get(attribute.as_str()));
        lines.attributes.iter().for_each(|(attribute, values)| _ = writeln!(text, "  {attribute}: {}", line(attribute, values)));
    }
    if !lines.claims.is_empty() {
        text.push_str("claims:\n");
        let line = |pointer: &String, values: &[Scalar]| line(values, lines.extras.get(pointer));
        lines.claims.iter().for_each(|(pointer, values)| _ = writeln!(text, "  {}: {}", key(pointer), line(pointer, values)));
    }
    match granted {
        GrantText::Role(role) => _ = writeln!(text, "grant:\n  aws: [{{ role: {} }}]", quoted(role.as_str())),
        GrantText::Line(word, line) => _ = writeln!(text, "grant:\n  {word}: {line}"),
        GrantText::Secrets(patterns) => {
            let patterns: Vec<Scalar> = patterns.iter().cloned().map(Scalar::Text).collect();
            let written = any_of(&patterns);
            let list = if let [_] = patterns[..] { format!("[{written}]") } else { written };
            _ = writeln!(text, "grant:\n  secrets: {list}");
        }
        GrantText::Chosen(comments) => {
            text.push_str("# choose a grant: this file does not load until there is one\ngrant:\n");
            comments.iter().for_each(|line| _ = writeln!(text, "  # {}", comment(line)));
        }
    }
    text
}

/// Makes text fit for a comment or a terminal: without line breaks, escape sequences and changes of direction.
pub(super) fn comment(text: &str) -> String {
    escaped(&text.replace(['\n', '\r', '\t'], " ")).into_owned()
}

/// The values alone, or a mapping of `like` or `plain` and `not`.
fn line(values: &[Scalar], extra: Option<&LineExtras>) -> String {
    let Some(extra) = extra else { return any_of(values) };
    let form = if extra.plain { "plain" } else { "like" };
    let excluded: Vec<Scalar> = extra.excluded.iter().cloned().map(Scalar::Text).collect();
    let not = if excluded.is_empty() { String::new() } else { format!(", not: {}", any_of(&excluded)) };
    format!("{{ {form}: {}{not} }}", any_of(values))
}

fn any_of(values: &[Scalar]) -> String {
    let written = |value: &Scalar| match value {
        Scalar::Text(text) => self::text(text),
        Scalar::Flag(flag) => flag.to_string(),
        Scalar::Number(number) => number.to_string(),
    };
    match values {
        [one] => written(one),
        many => format!("[{}]", many.iter().map(written).collect::<Vec<_>>().join(", ")),
    }
}

/// A text, in quotes if YAML could read it as anything else.
pub(super) fn text(text: &str) -> String {
    plain(text).map_or_else(|| quoted(text), str::to_owned)
}

fn key(pointer: &str) -> String {
    let inner = pointer.strip_prefix('/').unwrap_or(pointer);
    if plain(inner).is_some() { pointer.to_owned() } else { quoted(pointer) }
}

/// The text, if YAML reads it as text without quotes: it has no special character, and is no word such as `true`.
fn plain(text: &str) -> Option<&str> {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let good = |character: char| character.is_ascii_alphanumeric() || "_-./@*".contains(character);
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic());
    (starts && text.chars().all(good) && !WORDS.contains(&text.to_ascii_lowercase().as_str())).then_some(text)
}

/// In double quotes: a text in JSON is the same text in YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::yaml::Node;
    use std::collections::BTreeMap;

    #[test]
    fn every_text_is_read_as_it_was_meant() {
        for text in
            ["a", "true", "No", "4670", "1e3", "*a", "@x", "a: b", "a #b", "[a]", "{a}", "a,b", "'", "\"\\", "~", "-", "é|>"]
        {
            let values = || vec![Scalar::Text(text.to_owned()), Scalar::Flag(true)];
            let lines = Lines {
                attributes: BTreeMap::from([(Attribute::Ref, values())]),
                claims: BTreeMap::from([(format!("/{text}"), values())]),
                ..Lines::default()
            };
            let github = IssuerName::parse("github").unwrap();
            let written = yaml(text, (&github, Some(text)), &lines, &GrantText::Chosen(vec![text.to_owned()]));
            let read = Node::parse("a.yaml", written.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{written}")).to_json();
            assert_eq!(read["description"], text, "{written}");
            assert_eq!(read["for_each"], text, "{written}");
            assert_eq!(read["match"]["ref"], serde_json::json!([text, true]), "{written}");
            assert_eq!(read["claims"][format!("/{text}")], serde_json::json!([text, true]), "{written}");
        }
    }

    #[test]
    fn a_comment_cannot_become_a_line() {
        let comments = vec!["contents: read\n  secrets: [\"**\"]\u{2028}\u{85}\r".to_owned()];
        let github = IssuerName::parse("github").unwrap();
        let written = yaml("x", (&github, None), &Lines::default(), &GrantText::Chosen(comments));
        assert_eq!(Node::parse("a.yaml", written.as_bytes()).unwrap().to_json()["grant"], serde_json::Value::Null);
        assert_eq!(
            comment("a\u{9b}2K\u{202e}b"),
            "a\\u{9b}2K\\u{202e}b",
            "no C1 control and no change of direction reaches a terminal"
        );
    }
}
