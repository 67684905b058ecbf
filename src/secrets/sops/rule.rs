//! Which values of a file are encrypted: by a suffix or a regex of any key on the way, or by a comment before it.

use super::error::RuleError;
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeSet;

/// The suffix that SOPS takes when a file names no rule.
pub(super) const DEFAULT_UNENCRYPTED_SUFFIX: &str = "_unencrypted";
/// A rule's regex may not grow beyond this when compiled: it comes from a file.
const REGEX_BYTES_MAX: usize = 64 * 1024;
/// A longer list of keys is not compared name by name.
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

/// A rule as it is named in the file.
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
    /// A binary file is encrypted whole.
    All,
}

impl Default for Rule {
    fn default() -> Self {
        Self { name: NAMES[0], text: DEFAULT_UNENCRYPTED_SUFFIX.to_owned(), test: Test::Suffix }
    }
}

impl Rule {
    /// Everything is encrypted, and no rule is written down.
    pub(super) const fn all() -> Self {
        Self { name: "", text: String::new(), test: Test::All }
    }

    /// The rule among a section's fields; the error names it, for the file's author.
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

    /// The rule's name and text, for a section; a binary file has none.
    pub(super) fn named(&self) -> Option<(&'static str, &str)> {
        (!self.name.is_empty()).then_some((self.name, self.text.as_str()))
    }

    /// The same as one text.
    pub(super) fn told(&self) -> String {
        if self.name.is_empty() { "everything is encrypted".to_owned() } else { format!("{}: {}", self.name, self.text) }
    }

    /// Whether it names what is in clear.
    pub(super) fn names_what_is_clear(&self) -> bool {
        self.name.starts_with("unencrypted")
    }

    /// Whether comments tell what is encrypted.
    pub(super) const fn asks_comments(&self) -> bool {
        matches!(self.test, Test::Comment(_))
    }

    /// Whether it provably leaves nothing in clear that the other one encrypts: it is the same, names a part of what the other one
    /// leaves in clear, or all and more of what that encrypts.
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

    /// Whether this key is one that the rule names: it holds for everything below.
    pub(super) fn names_key(&self, key: &str) -> bool {
        match &self.test {
            Test::Suffix => key.ends_with(&self.text),
            Test::Key(regex) => regex.is_match(key.as_bytes()),
            Test::Comment(_) | Test::All => false,
        }
    }

    /// Whether this comment is one that the rule names: it holds for what follows it.
    pub(super) fn names_comment(&self, comment: &[u8]) -> bool {
        matches!(&self.test, Test::Comment(regex) if regex.is_match(comment))
    }

    /// Whether a value is encrypted which something on the way to it was, or was not, named for.
    pub(super) fn encrypts(&self, named: bool) -> bool {
        self.name.starts_with("encrypted") == named || matches!(self.test, Test::All)
    }
}

/// The keys that a regex names one by one, such as `^(data|stringData)$`; of any other regex nobody tells here.
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

/// As Go reads it: `\d` and `(?i)` are of ASCII. A pattern that needs Unicode is read with it.
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
    fn each_rule_says_what_it_encrypts() {
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
