//! What is wrong with the rules by which files are encrypted.

use super::SyntaxError;

/// Why `.sops.yaml` does not say how to encrypt a file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CreationError {
    /// Nobody wrote it by hand.
    #[error(".sops.yaml is larger than 2 MiB")]
    TooLarge,
    /// It is bytes.
    #[error(".sops.yaml is not UTF-8")]
    NotUtf8,
    /// It is no good YAML.
    #[error(".sops.yaml: {0}")]
    Syntax(#[from] SyntaxError),
    /// It holds nothing.
    #[error(".sops.yaml is empty")]
    Empty,
    /// It holds something else.
    #[error(".sops.yaml has no list `creation_rules`")]
    NoRules,
    /// One of its rules is not understood.
    #[error(".sops.yaml, rule {number}: {fault}")]
    Rule {
        /// From 1.
        number: usize,
        /// Why not.
        #[source]
        fault: RuleFault,
    },
    /// One of the rules by which `sops publish` encrypts anew is not understood.
    #[error(".sops.yaml, destination rule {number}: {fault}")]
    DestinationRule {
        /// From 1.
        number: usize,
        /// Why not.
        #[source]
        fault: RuleFault,
    },
    /// None of its rules is for the file.
    #[error("no rule of .sops.yaml is for `{path}`: add one")]
    NoneFor {
        /// The file, from the folder of `.sops.yaml`.
        path: String,
    },
    /// The rule for the file needs another tool.
    #[error("the rule names {} keys beside age's, which only sops writes: run `sops encrypt`", .kinds.join(" and "))]
    Foreign {
        /// Such as `pgp`.
        kinds: Vec<&'static str>,
    },
}

/// One rule of `.sops.yaml`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RuleFault {
    #[error("`path_regex` is a regex that is too large or not understood")]
    PathRegex,
    #[error("the key is split among key groups (Shamir): keep one group")]
    Shamir,
    #[error("it names no age recipient{}: add `age: age1…`", only(.foreign))]
    NoRecipient { foreign: Vec<&'static str> },
    #[error("`{recipient}` is not one recipient: put commas between them")]
    NotOne { recipient: String },
    #[error("`{}` is not known here, and may name somebody", .members.join("` and `"))]
    Unknown { members: Vec<String> },
    #[error(transparent)]
    Encrypted(#[from] RuleError),
}

fn only(foreign: &[&str]) -> String {
    if foreign.is_empty() { String::new() } else { format!(", only {}", foreign.join(" and ")) }
}

/// The rule of what is encrypted, in a section or in `.sops.yaml`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RuleError {
    #[error("there are two rules of what is encrypted, `{one}` and `{other}`: keep one")]
    Two { one: &'static str, other: &'static str },
    #[error("`{name}` is a regex that is too large or not understood")]
    Regex { name: &'static str },
}
