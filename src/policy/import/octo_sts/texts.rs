//! Reads texts as octo-sts does, which reads YAML 1.1.

use crate::words::github::REPOSITORIES_MAX;
use crate::words::yaml::{Fields, Node, Yaml};

/// A token has far fewer claims, and GitHub far fewer permissions. What reads and loads a policy takes a time that grows with the square
/// of their number.
const MEMBERS_MAX: usize = 100;

/// Line breaks of YAML 1.1 that are none in YAML 1.2, which is read here.
const OTHER_LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// What YAML 1.1, which octo-sts reads, and YAML 1.2 read differently.
pub(super) const OTHER_LINE_BREAK: &str = "it has a line break of Unicode (U+0085, U+2028 or U+2029), which is one in one version of YAML and none in \
                                           another";

/// Whether lines may end elsewhere for octo-sts than here.
pub(super) fn has_other_line_breaks(text: &str) -> bool {
    text.contains(OTHER_LINE_BREAKS)
}

/// The texts of a mapping whose keys are data.
pub(super) fn texts(fields: &mut Fields<'_, '_>, key: &'static str, source: &str) -> Vec<(String, String)> {
    let Some(node) = fields.optional(key) else { return Vec::new() };
    let mut inner = fields.below(node);
    let mut read = Vec::new();
    if inner.members().len() > MEMBERS_MAX {
        inner.fault(node.place, format!("`{key}` has more than {MEMBERS_MAX} members"));
        return read;
    }
    for (name, _, node) in inner.members() {
        if FLAGS_OF_YAML_1_1.contains(&name.to_ascii_lowercase().as_str()) {
            inner.fault(node.place, format!("the key `{name}` is a flag in YAML 1.1, which octo-sts reads"));
            continue;
        }
        read.extend(scalar(&mut inner, node, source).map(|text| (name.clone(), text)));
    }
    read
}

/// The texts of a list; `None` if there is none.
pub(super) fn list(fields: &mut Fields<'_, '_>, key: &'static str, source: &str) -> Option<Vec<String>> {
    let node = fields.optional(key)?;
    let Yaml::List(items) = &node.value else {
        fields.fault(node.place, format!("expected a list, found {}", node.kind()));
        return None;
    };
    if items.len() > REPOSITORIES_MAX {
        fields.fault(node.place, format!("`{key}` has more than {REPOSITORIES_MAX} entries"));
        return None;
    }
    Some(items.iter().filter_map(|item| scalar(fields, item, source)).collect())
}

/// Words that are flags in YAML 1.1, which octo-sts reads.
const FLAGS_OF_YAML_1_1: [&str; 6] = ["y", "yes", "on", "n", "no", "off"];

/// A text. octo-sts reads a flag or a whole number without quotes as text too. What YAML 1.1 and 1.2 read differently is refused.
pub(super) fn scalar<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, source: &str) -> Option<String> {
    let line = source.lines().nth(node.place.line.saturating_sub(1)).unwrap_or_default();
    let rest: String = line.chars().skip(node.place.column.saturating_sub(1)).collect();
    let ends = |text: &str| {
        rest.strip_prefix(text).is_some_and(|behind| behind.trim_start().is_empty() || behind.starts_with([' ', ',', '}', ']']))
    };
    match &node.value {
        Yaml::Flag(flag) => Some(flag.to_string()),
        Yaml::Integer(number) if ends(&number.to_string()) => Some(number.to_string()),
        Yaml::Text(text) => {
            let numeric = text.contains(|character: char| character.is_ascii_digit())
                && text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
                && text.chars().all(|character| character.is_ascii_digit() || "_:.+-eExob".contains(character));
            if ends(text) && (numeric || FLAGS_OF_YAML_1_1.contains(&text.to_ascii_lowercase().as_str())) {
                fields
                    .fault(node.place, format!("`{text}` is text in one version of YAML and none in another: put it in quotes"));
                return None;
            }
            Some(text.clone())
        }
        _ => fields.text(node).map(str::to_owned),
    }
}
