//! `.sops.yaml`: the recipients of a new file, and which of its values are encrypted.

use super::error::{CreationError, RuleFault};
use super::named::{Named, items};
use super::rule::Rule;
use super::tree::{Form, Node};
use super::yaml;
use crate::secrets::{FILE_BYTES_MAX, RepositoryPath};
use regex::Regex;

/// The largest size of a compiled regex: rules come from files that anybody may push.
const REGEX_BYTES_MAX: usize = 256 * 1024;

/// How a new file is encrypted.
#[derive(Clone, Default)]
pub struct Creation {
    pub(super) recipients: Vec<String>,
    pub(super) rule: Rule,
    pub(super) mac_only_encrypted: bool,
    foreign: Vec<&'static str>,
    /// All recipients: age recipients, and keys of other kinds, each with its kind.
    named: Vec<String>,
    /// Why these may not be all.
    unknown: Option<CreationError>,
    path: Option<RepositoryPath>,
}

/// The rules of one `.sops.yaml`, in order.
pub struct Creations {
    pub(super) rules: Vec<(Option<Regex>, Result<Creation, CreationError>)>,
    /// The rules by which `sops publish` encrypts a file anew.
    recreations: Vec<Result<Creation, CreationError>>,
}

impl Creation {
    /// For these age recipients, by SOPS's default rule: all values are encrypted except below keys that end in `_unencrypted`. A recipient
    /// that is named twice counts once.
    pub fn to(recipients: &[String]) -> Self {
        let mut distinct: Vec<String> = Vec::new();
        for recipient in recipients {
            if !distinct.contains(recipient) {
                distinct.push(recipient.clone());
            }
        }
        Self { named: distinct.clone(), recipients: distinct, ..Self::default() }
    }

    /// The same, and binds the file to this path if it is known: a server opens it at no other path.
    pub fn at(self, path: Option<RepositoryPath>) -> Self {
        Self { path, ..self }
    }

    /// The path of the file, if it is known.
    pub const fn path(&self) -> Option<&RepositoryPath> {
        self.path.as_ref()
    }

    /// The age recipients.
    pub fn recipients(&self) -> &[String] {
        &self.recipients
    }

    /// Everybody who can open files that this rule encrypts: the age recipients, and keys that only another tool can write.
    pub fn named(&self) -> &[String] {
        &self.named
    }

    /// The rule's name and text in a `sops` section, such as `encrypted_regex` and `^data$`.
    pub fn rule(&self) -> Option<(&'static str, &str)> {
        self.rule.named()
    }

    /// Whether the MAC covers encrypted values only: then nothing authenticates the others.
    pub const fn mac_only_encrypted(&self) -> bool {
        self.mac_only_encrypted
    }

    pub(super) fn check(&self) -> Result<(), CreationError> {
        if self.foreign.is_empty() {
            return Ok(());
        }
        Err(CreationError::Foreign { kinds: self.foreign.clone() })
    }
}

impl Creations {
    /// Reads a `.sops.yaml`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CreationError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(CreationError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| CreationError::NotUtf8)?;
        let tree = yaml::parse(text)?;
        let root = tree.parts.first().map(|part| &part.root).ok_or(CreationError::Empty)?;
        let Some(Form::Sequence(_)) = root.step("creation_rules").map(|rules| &rules.form) else {
            return Err(CreationError::NoRules);
        };
        let read = |(number, node): (usize, &Node)| {
            let numbered = |fault| CreationError::Rule { number: number + 1, fault };
            let path = text_of(node, "path_regex").map(|pattern| compile(&pattern)).transpose().map_err(numbered)?;
            Ok((path, creation(node, numbered)))
        };
        let rules = items(root.step("creation_rules")).enumerate().map(read).collect::<Result<_, CreationError>>()?;
        let again = |(number, node): (usize, &Node)| {
            let rule = node
                .step("recreation_rule")
                .filter(|rule| rule.collection().is_some_and(|rule| rule.entries().next().is_some()))?;
            Some(creation(rule, |fault| CreationError::DestinationRule { number: number + 1, fault }))
        };
        let recreations = items(root.step("destination_rules")).enumerate().filter_map(again).collect();
        Ok(Self { rules, recreations })
    }

    /// Whether a rule with a `path_regex` matches this path.
    pub fn names(&self, path: &str) -> bool {
        self.rules.iter().any(|(regex, _)| regex.as_ref().is_some_and(|regex| regex.is_match(path)))
    }

    /// Why the recipients of some rules are not, or not all, known here. Another tool may know them.
    pub fn unread(&self) -> impl Iterator<Item = &CreationError> {
        self.all().filter_map(|creation| creation.as_ref().map_or_else(Some, |creation| creation.unknown.as_ref()))
    }

    /// Every recipient that any rule names.
    pub fn named(&self) -> impl Iterator<Item = &String> {
        self.all().filter_map(|creation| creation.as_ref().ok()).flat_map(Creation::named)
    }

    fn all(&self) -> impl Iterator<Item = &Result<Creation, CreationError>> {
        self.rules.iter().map(|(_, creation)| creation).chain(&self.recreations)
    }

    /// The first rule for a path. The path is relative to the folder of `.sops.yaml`.
    pub fn for_path(&self, path: &str) -> Result<&Creation, CreationError> {
        let rule = self.rules.iter().find(|(regex, _)| regex.as_ref().is_none_or(|regex| regex.is_match(path)));
        let (_, creation) = rule.ok_or_else(|| CreationError::NoneFor { path: path.to_owned() })?;
        creation.as_ref().map_err(Clone::clone)
    }
}

fn compile(pattern: &str) -> Result<Regex, RuleFault> {
    let built = regex::RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
    built.map_err(|_| RuleFault::PathRegex)
}

/// Reads one rule. `numbered` adds the rule's number to an error.
fn creation(node: &Node, numbered: impl Fn(RuleFault) -> CreationError) -> Result<Creation, CreationError> {
    let Named { recipients, foreign, keys, unknown } = Named::read(node).map_err(&numbered)?;
    if recipients.is_empty() {
        return Err(numbered(RuleFault::NoRecipient { foreign }));
    }
    let unknown = (!unknown.is_empty()).then(|| numbered(RuleFault::Unknown { members: unknown }));
    Ok(Creation {
        named: [&recipients[..], &keys].concat(),
        recipients,
        rule: Rule::read(|name| text_of(node, name)).map_err(|fault| numbered(fault.into()))?,
        mac_only_encrypted: text_of(node, "mac_only_encrypted").is_some_and(|flag| flag == "True"),
        foreign,
        unknown,
        path: None,
    })
}

/// The text of a member, also of one from a merge key (`<<`), as sops reads it.
fn text_of(node: &Node, name: &str) -> Option<String> {
    node.step(name).and_then(Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}
