//! `.sops.yaml`: to whom a new file is encrypted, and which of its values.

use super::rule::Rule;
use super::tree::{Form, Node};
use super::yaml;
use crate::secrets::{FILE_BYTES_MAX, RepositoryPath};
use regex::Regex;

/// A rule's regex may not grow beyond this when compiled: it comes from a file.
const REGEX_BYTES_MAX: usize = 256 * 1024;
/// Keys that are not age's, which another tool must write.
const FOREIGN: [&str; 9] =
    ["pgp", "kms", "gcp_kms", "azure_keyvault", "azure_kv", "hc_vault_transit_uri", "hc_vault", "hckms", "aws_kms"];

/// How a new file is encrypted.
#[derive(Clone, Default)]
pub struct Creation {
    pub(super) recipients: Vec<String>,
    pub(super) rule: Rule,
    pub(super) mac_only_encrypted: bool,
    foreign: Vec<&'static str>,
    /// Everybody: age recipients, and keys of other kinds, each with its kind.
    named: Vec<String>,
    path: Option<RepositoryPath>,
}

/// The rules of one `.sops.yaml`, in its order.
pub struct Creations(Vec<(Option<Regex>, Result<Creation, String>)>);

impl Creation {
    /// To these age recipients, by SOPS's own rule: everything but what ends in `_unencrypted`.
    pub fn to(recipients: &[String]) -> Self {
        Self { recipients: recipients.to_vec(), named: recipients.to_vec(), ..Self::default() }
    }

    /// The same for a file of this path, where it is known: a server opens it at no other one.
    pub fn at(self, path: Option<RepositoryPath>) -> Self {
        Self { path, ..self }
    }

    /// The path of the file, where it is known.
    pub const fn path(&self) -> Option<&RepositoryPath> {
        self.path.as_ref()
    }

    /// The age recipients.
    pub fn recipients(&self) -> &[String] {
        &self.recipients
    }

    /// Everybody who can open what is encrypted by it: beside age recipients also keys that another tool must write.
    pub fn named(&self) -> &[String] {
        &self.named
    }

    /// The rule's name and text in a `sops` section, such as `encrypted_regex` and `^data$`.
    pub fn rule(&self) -> Option<(&'static str, &str)> {
        self.rule.named()
    }

    /// Whether the MAC is over encrypted values only: then nothing vouches for the others.
    pub const fn mac_only_encrypted(&self) -> bool {
        self.mac_only_encrypted
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.foreign.is_empty() {
            return Ok(());
        }
        Err(format!(
            "the rule names {} keys beside age's, which only sops writes: run `sops encrypt`",
            self.foreign.join(" and ")
        ))
    }
}

impl Creations {
    /// Reads a `.sops.yaml`.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(".sops.yaml is larger than 2 MiB".to_owned());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ".sops.yaml is not UTF-8")?;
        let tree = yaml::parse(text).map_err(|fault| format!(".sops.yaml: {fault}"))?;
        let rules = tree.parts.first().and_then(|part| part.root.member("creation_rules"));
        let Some(Form::Sequence(rules)) = rules.map(|rules| &rules.form) else {
            return Err(".sops.yaml has no list `creation_rules`".to_owned());
        };
        let read = |(number, node): (usize, &Node)| {
            let numbered = |fault: String| format!(".sops.yaml, rule {}: {fault}", number + 1);
            let path = text_of(node, "path_regex").map(|pattern| compile(&pattern)).transpose().map_err(numbered)?;
            Ok((path, creation(node).map_err(numbered)))
        };
        rules.entries().map(|entry| &entry.node).enumerate().map(read).collect::<Result<_, String>>().map(Self)
    }

    /// Whether a rule names this path, and not every path.
    pub fn names(&self, path: &str) -> bool {
        self.0.iter().any(|(regex, _)| regex.as_ref().is_some_and(|regex| regex.is_match(path)))
    }

    /// Rules of which nobody knows here whom they name, and why; another tool may know.
    pub fn unread(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter_map(|(_, creation)| creation.as_ref().err())
    }

    /// Everybody whom any rule names.
    pub fn named(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter_map(|(_, creation)| creation.as_ref().ok()).flat_map(Creation::named)
    }

    /// The first rule for a path, which is given from the folder of `.sops.yaml`.
    pub fn for_path(&self, path: &str) -> Result<&Creation, String> {
        let rule = self.0.iter().find(|(regex, _)| regex.as_ref().is_none_or(|regex| regex.is_match(path)));
        let (_, creation) = rule.ok_or_else(|| format!("no rule of .sops.yaml is for `{path}`: add one"))?;
        creation.as_ref().map_err(Clone::clone)
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let built = regex::RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
    built.map_err(|_| "`path_regex` is a regex that is too large or not understood".to_owned())
}

fn creation(node: &Node) -> Result<Creation, String> {
    let keys = match node.member("key_groups").map(|groups| &groups.form) {
        Some(Form::Sequence(groups)) => {
            let mut groups = groups.entries().map(|entry| &entry.node);
            match (groups.next(), groups.next()) {
                (Some(only), None) => only,
                _ => return Err("the key is split among key groups (Shamir): keep one group".to_owned()),
            }
        }
        _ => node,
    };
    if text_of(node, "shamir_threshold").is_some_and(|threshold| threshold != "1" && threshold != "0") {
        return Err("the key is split among key groups (Shamir): keep one group".to_owned());
    }
    let recipients = recipients(keys)?;
    let foreign: Vec<&str> = FOREIGN.into_iter().filter(|kind| keys.member(kind).is_some_and(is_written)).collect();
    if recipients.is_empty() {
        let other = if foreign.is_empty() { String::new() } else { format!(", only {}", foreign.join(" and ")) };
        return Err(format!("it names no age recipient{other}: add `age: age1…`"));
    }
    let mut named = recipients.clone();
    for kind in &foreign {
        let keys = keys.member(kind).map(texts).unwrap_or_default();
        named.extend(keys.iter().map(|key| format!("{kind} {key}")));
    }
    Ok(Creation {
        recipients,
        named,
        rule: Rule::read(|name| text_of(node, name))?,
        mac_only_encrypted: text_of(node, "mac_only_encrypted").is_some_and(|flag| flag == "True"),
        foreign,
        path: None,
    })
}

/// One text with commas, over one line or several, or a list; each as it is written, once.
fn recipients(keys: &Node) -> Result<Vec<String>, String> {
    let Some(age) = keys.member("age") else { return Ok(Vec::new()) };
    let texts: Vec<&str> = match &age.form {
        Form::Sequence(items) => items.entries().filter_map(|entry| entry.node.as_str()).collect(),
        _ => age.as_str().into_iter().collect(),
    };
    let mut recipients: Vec<String> = Vec::new();
    for recipient in texts.iter().flat_map(|text| text.split([',', '\n'])).map(str::trim).filter(|text| !text.is_empty()) {
        if recipient.contains(char::is_whitespace) && !recipient.starts_with("ssh-") {
            return Err(format!("`{recipient}` is not one recipient: put commas between them"));
        }
        if !recipients.iter().any(|known| known == recipient) {
            recipients.push(recipient.to_owned());
        }
    }
    Ok(recipients)
}

/// Every text in it.
fn texts(node: &Node) -> Vec<String> {
    match &node.form {
        Form::Leaf(_) => node.as_str().map(str::to_owned).into_iter().collect(),
        Form::Mapping(members) | Form::Sequence(members) => members.entries().flat_map(|entry| texts(&entry.node)).collect(),
    }
}

fn text_of(node: &Node, name: &str) -> Option<String> {
    node.member(name).and_then(Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn is_written(node: &Node) -> bool {
    match &node.form {
        Form::Leaf(leaf) => leaf.scalar.as_ref().is_some_and(|scalar| !scalar.is_empty()),
        Form::Mapping(members) | Form::Sequence(members) => members.entries().next().is_some(),
    }
}
