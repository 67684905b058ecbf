//! Errors of the rules for encrypting files.

use super::SyntaxError;

/// Why `.sops.yaml` does not say how to encrypt a file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CreationError {
    /// It is larger than the limit.
    #[error(".sops.yaml is larger than 2 MiB")]
    TooLarge,
    /// It is not UTF-8.
    #[error(".sops.yaml is not UTF-8")]
    NotUtf8,
    /// It is not valid YAML.
    #[error(".sops.yaml: {0}")]
    Syntax(#[from] SyntaxError),
    /// It is empty.
    #[error(".sops.yaml is empty")]
    Empty,
    /// It has no rules.
    #[error(".sops.yaml has no list `creation_rules`")]
    NoRules,
    /// One of its rules cannot be used.
    #[error(".sops.yaml, rule {number}: {fault}")]
    Rule {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        fault: RuleFault,
    },
    /// One of the rules by which `sops publish` encrypts anew cannot be used.
    #[error(".sops.yaml, destination rule {number}: {fault}")]
    DestinationRule {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        fault: RuleFault,
    },
    /// None of its rules applies to the file.
    #[error("no rule of .sops.yaml is for `{path}`: add one")]
    NoneFor {
        /// The file, relative to the folder of `.sops.yaml`.
        path: String,
    },
    /// The rule for the file needs another tool.
    #[error("the rule names {} keys beside age's, which only sops writes: run `sops encrypt`", .kinds.join(" and "))]
    Foreign {
        /// The kinds of keys that only sops writes, such as `pgp`.
        kinds: Vec<&'static str>,
    },
}

/// What is wrong with one rule of `.sops.yaml`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RuleFault {
    #[error("`path_regex` is a regex that is too large or not understood")]
    PathRegex,
    #[error("the key is split among key groups (Shamir): keep one group")]
    Shamir,
    #[error("it names no age recipient{}: add `age: age1…`", only(.foreign))]
    NoRecipient { foreign: Vec<&'static str> },
    #[error("`{excerpt}` is not one recipient: put commas between them")]
    NotOne { excerpt: String },
    #[error("`{}` is not known here and may name a recipient", .members.join("` and `"))]
    Unknown { members: Vec<String> },
    #[error(transparent)]
    Encrypted(#[from] RuleError),
}

fn only(foreign: &[&str]) -> String {
    if foreign.is_empty() { String::new() } else { format!(", only {}", foreign.join(" and ")) }
}

/// What is wrong with the setting that decides which values are encrypted, in a section or in `.sops.yaml`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RuleError {
    #[error("two settings decide what is encrypted, `{one}` and `{other}`: keep one")]
    Two { one: &'static str, other: &'static str },
    #[error("`{name}` is a regex that is too large or not understood")]
    Regex { name: &'static str },
}
