//! Writes YAML that SOPS and readers of YAML 1.1 and 1.2 read the same way.

use super::resolve;
use crate::secrets::sops::draft::Draft;
use crate::secrets::sops::error::ValueError;
use crate::secrets::sops::json::emit::{is_printable, quoted};
use crate::secrets::sops::scalar::{Kind, Scalar};

/// SOPS indents to multiples of this.
const INDENT: usize = 4;
/// Texts that readers of YAML 1.1 read as booleans.
const TRUTHS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];

/// A scalar in a collection at this column. `free`: only a line break follows it.
pub(in crate::secrets::sops) fn scalar(scalar: &Scalar, column: usize, flow: bool, free: bool) -> Result<String, ValueError> {
    let text = scalar.expose_text()?;
    Ok(match scalar.kind {
        Kind::Text if is_plain(text) => text.to_owned(),
        Kind::Text if !flow && free && is_literal(text) => literal(text, deeper(column)),
        Kind::Text => quoted(text),
        Kind::Boolean => text.to_ascii_lowercase(),
        Kind::Float => match text {
            "+Inf" => ".inf".to_owned(),
            "-Inf" => "-.inf".to_owned(),
            "NaN" => ".nan".to_owned(),
            // With a decimal point it stays a float: SOPS then writes `type:float` again.
            _ if text.bytes().any(|byte| byte == b'.') => text.to_owned(),
            _ => format!("{text}.0"),
        },
        Kind::Integer | Kind::Time => text.to_owned(),
    })
}

pub(in crate::secrets::sops) fn key(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// The text after `key:` or the dash, with the space or the line break before it.
pub(in crate::secrets::sops) fn behind(draft: &Draft, column: usize, flow: bool, free: bool) -> Result<String, ValueError> {
    match draft {
        Draft::Mapping(members) if !flow && !members.is_empty() => Ok(format!("\n{}", block(draft, deeper(column))?)),
        Draft::Sequence(items) if !flow && !items.is_empty() => Ok(format!("\n{}", block(draft, deeper(column))?)),
        Draft::Scalar(value) => Ok(format!(" {}", scalar(value, column, flow, free)?)),
        _ => draft.json().map(|text| format!(" {text}")),
    }
}

const fn deeper(column: usize) -> usize {
    (column / INDENT + 1) * INDENT
}

/// The lines of a mapping or a sequence at this column, without the last line break.
pub(in crate::secrets::sops) fn block(draft: &Draft, column: usize) -> Result<String, ValueError> {
    let indent = " ".repeat(column);
    let mut lines = Vec::new();
    match draft {
        Draft::Mapping(members) => {
            for (name, value) in members {
                lines.push(format!("{indent}{}:{}", key(name), behind(value, column, false, true)?));
            }
        }
        Draft::Sequence(items) => {
            for item in items {
                lines.push(match item {
                    Draft::Mapping(members) if !members.is_empty() => {
                        format!("{indent}- {}", block(item, column + 2)?.trim_start())
                    }
                    _ => format!("{indent}-{}", behind(item, column, false, true)?),
                });
            }
        }
        Draft::Null | Draft::Scalar(_) => return draft.json(),
    }
    Ok(lines.join("\n"))
}

/// Whether a text needs no quotes: it starts with a letter, has no special characters, and every reader reads it as text.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '/');
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "_./+=@-".contains(letter);
    let colons = text
        .split(' ')
        .all(|word| !word.is_empty() && word.chars().all(|letter| safe(letter) || letter == ':') && !word.ends_with(':'));
    starts
        && colons
        && !TRUTHS.contains(&text.to_ascii_lowercase().as_str())
        && matches!(resolve::plain(text), Ok(Some(Scalar { kind: Kind::Text, .. })))
}

/// Whether a text has several lines that a block scalar can hold without an indentation indicator.
fn is_literal(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(|letter| letter == '\n' || letter == '\t' || is_printable(letter))
        && !text.lines().any(|line| !line.is_empty() && line.trim().is_empty())
}

fn literal(text: &str, indent: usize) -> String {
    let mut lines = String::with_capacity(text.len() * 2 + 8);
    lines.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.lines() {
        lines.push('\n');
        if !line.is_empty() {
            lines.extend(std::iter::repeat_n(' ', indent));
            lines.push_str(line);
        }
    }
    lines
}
