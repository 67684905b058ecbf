//! Which values of a file are encrypted: a suffix or a regex for any key on a value's path decides, or a comment before the value.

use super::error::RuleError;
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeSet;

/// SOPS's suffix for files that name no rule.
pub(super) const DEFAULT_UNENCRYPTED_SUFFIX: &str = "_unencrypted";
/// The largest size of a compiled regex: rules come from files that anybody may push.
const REGEX_BYTES_MAX: usize = 64 * 1024;
/// A longer pattern is not compared name by name.
const NAMES_BYTES_MAX: usize = 2 * 1024;
/// The names of the rules in a `sops` section and in `.sops.yaml`.
pub(super) const NAMES: [&str; 6] = [
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
];

/// The rule of one file.
#[derive(Clone)]
pub(super) struct Rule {
    name: &'static str,
    text: String,
    test: Test,
}

#[derive(Clone)]
enum Test {
    Suffix,
    Key(Regex),
    Comment(Regex),
    /// A binary file is encrypted as a whole.
    All,
}

impl Default for Rule {
    fn default() -> Self {
        Self { name: NAMES[0], text: DEFAULT_UNENCRYPTED_SUFFIX.to_owned(), test: Test::Suffix }
    }
}

impl Rule {
    /// The rule that encrypts everything and is not written into the section.
    pub(super) const fn all() -> Self {
        Self { name: "", text: String::new(), test: Test::All }
    }

    /// Reads the rule from a section's fields. The error names the field for the file's author.
    pub(super) fn read(field: impl Fn(&str) -> Option<String>) -> Result<Self, RuleError> {
        let mut found = NAMES.iter().filter_map(|name| field(name).filter(|text| !text.is_empty()).map(|text| (*name, text)));
        let Some((name, text)) = found.next() else { return Ok(Self::default()) };
        if let Some((other, _)) = found.next() {
            return Err(RuleError::Two { one: name, other });
        }
        let test = match name {
            _ if name.ends_with("_suffix") => Test::Suffix,
            _ if name.ends_with("_comment_regex") => Test::Comment(compile(name, &text)?),
            _ => Test::Key(compile(name, &text)?),
        };
        Ok(Self { name, text, test })
    }

    /// The rule's name and text for a section; `None` for a binary file.
    pub(super) fn named(&self) -> Option<(&'static str, &str)> {
        (!self.name.is_empty()).then_some((self.name, self.text.as_str()))
    }

    /// The rule's name and text as one text.
    pub(super) fn description(&self) -> String {
        if self.name.is_empty() { "everything is encrypted".to_owned() } else { format!("{}: {}", self.name, self.text) }
    }

    /// Whether the rule names what stays in clear.
    pub(super) fn names_what_is_clear(&self) -> bool {
        self.name.starts_with("unencrypted")
    }

    /// Whether comments decide what is encrypted.
    pub(super) const fn asks_comments(&self) -> bool {
        matches!(self.test, Test::Comment(_))
    }

    /// Whether it provably leaves no value in clear that the other one encrypts: it is the same, leaves only a part of the other's clear
    /// keys in clear, or encrypts all keys that the other one encrypts.
    pub(super) fn hides_all_of(&self, other: &Self) -> bool {
        let within = |part: &Self, all: &Self| match (&part.test, names(&part.text), names(&all.text)) {
            (Test::Suffix, ..) => part.text.ends_with(&all.text),
            (Test::Key(_), Some(part), Some(all)) => part.is_subset(&all),
            _ => false,
        };
        match &self.test {
            Test::All => true,
            _ if self.name != other.name => false,
            _ if self.text == other.text => true,
            _ if self.name.starts_with("encrypted") => within(other, self),
            _ => within(self, other),
        }
    }

    /// Whether the rule names this key. It then applies to everything below the key.
    pub(super) fn names_key(&self, key: &str) -> bool {
        match &self.test {
            Test::Suffix => key.ends_with(&self.text),
            Test::Key(regex) => regex.is_match(key.as_bytes()),
            Test::Comment(_) | Test::All => false,
        }
    }

    /// Whether the rule names this comment. It then applies to what follows the comment.
    pub(super) fn names_comment(&self, comment: &[u8]) -> bool {
        matches!(&self.test, Test::Comment(regex) if regex.is_match(comment))
    }

    /// Whether a value is encrypted. `named`: the rule names a key on its path, or a comment before it.
    pub(super) fn encrypts(&self, named: bool) -> bool {
        self.name.starts_with("encrypted") == named || matches!(self.test, Test::All)
    }
}

/// The keys that a regex lists one by one, such as `^(data|stringData)$`; `None` for any other regex.
fn names(pattern: &str) -> Option<BTreeSet<&str>> {
    if pattern.len() > NAMES_BYTES_MAX {
        return None;
    }
    let whole = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let group = whole.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let names: BTreeSet<&str> = match group {
        Some(group) => group.strip_prefix("?:").unwrap_or(group).split('|').collect(),
        None => BTreeSet::from([whole]),
    };
    let is_plain =
        |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    names.iter().all(is_plain).then_some(names)
}

/// Compiles a regex as Go reads it: `\d` and `(?i)` match ASCII only. A pattern that needs Unicode is compiled with it.
fn compile(name: &'static str, pattern: &str) -> Result<Regex, RuleError> {
    let build = |unicode| RegexBuilder::new(pattern).unicode(unicode).size_limit(REGEX_BYTES_MAX).build();
    build(false).or_else(|_| build(true)).map_err(|_| RuleError::Regex { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, text: &str) -> Result<Rule, RuleError> {
        Rule::read(|field| (field == name).then(|| text.to_owned()))
    }

    #[test]
    fn each_rule_decides_what_is_encrypted() {
        let suffix = Rule::default();
        assert!(suffix.names_key("a_unencrypted") && !suffix.encrypts(true) && suffix.encrypts(false));
        let regex = rule("encrypted_regex", "^(data|stringData)$").unwrap();
        assert!(regex.names_key("data") && !regex.names_key("metadata") && regex.encrypts(true) && !regex.encrypts(false));
        let comment = rule("encrypted_comment_regex", "(?i)SOPS:enc").unwrap();
        assert!(comment.names_comment(b" sops:enc") && !comment.names_key("sops:enc"));
        assert!(rule("encrypted_regex", r"\d").is_ok_and(|rule| !rule.names_key("\u{661}")));
        assert!(rule("encrypted_regex", "[äö]").is_ok_and(|rule| rule.names_key("ö")));
    }

    #[test]
    fn a_regex_bomb_and_two_rules_are_refused() {
        assert_eq!(rule("encrypted_regex", "((a{100}){100}){100}").err(), Some(RuleError::Regex { name: "encrypted_regex" }));
        assert!(rule("encrypted_regex", "(").is_err());
        assert!(matches!(Rule::read(|_| Some("x".to_owned())), Err(RuleError::Two { .. })));
    }
}
