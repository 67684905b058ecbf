//! The `sops` section: the recipients, which values are encrypted, and the MAC.

use super::cipher::DataKey;
use super::error::{EntryError, KeyError, MetadataError};
use super::named::{self, items};
use super::rule::Rule;
use super::tree::{Collection, Node};
use crate::secrets::RepositoryPath;
use crate::secrets::age_file::{self, Identities};

/// Kinds of keys that a section may name beside age's. Their services are never contacted.
const FOREIGN: [&str; 6] = ["pgp", "kms", "gcp_kms", "azure_kv", "hc_vault", "hckms"];

/// The parts of the section that are used.
pub(super) struct Metadata {
    pub(super) stanzas: Vec<Stanza>,
    pub(super) rule: Rule,
    pub(super) mac_only_encrypted: bool,
    pub(super) mac: String,
    pub(super) last_modified: String,
    /// Kinds of keys that are not age's.
    pub(super) foreign: Vec<&'static str>,
    /// These keys, each with its kind.
    pub(super) foreign_keys: Vec<String>,
    /// Why more recipients may open it than are known here.
    pub(super) unread: Option<EntryError>,
}

/// The data key for one recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stanza {
    pub(super) recipient: String,
    pub(super) armored: String,
}

impl Stanza {
    /// Whether it is bound to this path or to none.
    pub(super) fn is_free_for(&self, path: Option<&RepositoryPath>) -> bool {
        let stanzas = age_file::stanzas(self.armored.as_bytes()).unwrap_or_default();
        path.is_none_or(|path| age_file::check_path(&stanzas, path).is_ok())
    }
}

impl Metadata {
    /// Reads a section. `whole`: the file is one value and so has no rule.
    pub(super) fn read(section: &Node, whole: bool) -> Result<Self, MetadataError> {
        let text = |name: &str| section.member(name).and_then(Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        if text("shamir_threshold").is_some_and(|threshold| threshold != "0" && threshold != "1") {
            return Err(MetadataError::Shamir);
        }
        let keys = keys_of(section)?;
        let rule = if whole { Rule::all() } else { Rule::read(text)? };
        Ok(Self {
            stanzas: items(keys.member("age")).filter_map(stanza).collect(),
            rule,
            mac_only_encrypted: text("mac_only_encrypted").is_some_and(|flag| flag.eq_ignore_ascii_case("true")),
            mac: text("mac").ok_or(MetadataError::NoMac)?,
            last_modified: text("lastmodified").ok_or(MetadataError::NoLastModified)?,
            foreign: FOREIGN.into_iter().filter(|kind| items(keys.member(kind)).next().is_some()).collect(),
            foreign_keys: FOREIGN
                .iter()
                .flat_map(|kind| items(keys.member(kind)).map(move |key| named::of_section(kind, key)))
                .collect(),
            unread: unread(section, keys),
        })
    }

    /// Tries every stanza, those of our own recipients first. Stanzas for others are no error as long as one opens.
    pub(super) fn data_key(&self, identities: &Identities) -> Result<DataKey, KeyError> {
        let ours = identities.recipients();
        let mut stanzas: Vec<&Stanza> = self.stanzas.iter().collect();
        stanzas.sort_by_key(|stanza| !ours.contains(&stanza.recipient));
        let mut last = KeyError::NoRecipient { foreign: self.foreign.clone() };
        for stanza in stanzas {
            match age_file::decrypt(stanza.armored.as_bytes(), identities) {
                Ok(bytes) => return Ok(DataKey::new(bytes)?),
                Err(fault) => last = fault.into(),
            }
        }
        Err(last)
    }
}

/// The node that holds the age list: the section itself, or its only key group.
pub(super) fn keys_of(section: &Node) -> Result<&Node, MetadataError> {
    let mut groups = items(section.member("key_groups"));
    match (groups.next(), groups.next()) {
        (None, _) => Ok(section),
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(MetadataError::Shamir),
    }
}

/// Why more recipients may open the file: a later version of SOPS may keep keys in a list that is not known here, and if there are keys
/// in a group and outside of it, sops uses one of them and other tools may use the other.
fn unread(section: &Node, keys: &Node) -> Option<EntryError> {
    let holds = |node: &Node| node.collection().is_some_and(|keys| keys.entries().next().is_some());
    let lists = |node: &'_ Node| -> Vec<String> {
        let entries = node.collection().into_iter().flat_map(Collection::entries);
        entries.filter(|entry| entry.key != "key_groups" && holds(&entry.node)).map(|entry| entry.key.clone()).collect()
    };
    let is_known = |kind: &String| kind == "age" || FOREIGN.contains(&kind.as_str());
    let (own, others) = (lists(keys), if std::ptr::eq(section, keys) { Vec::new() } else { lists(section) });
    if let Some(kind) = own.iter().chain(&others).find(|kind| !is_known(kind)) {
        return Some(EntryError::UnknownKeys { kind: kind.clone() });
    }
    (!others.is_empty()).then_some(EntryError::BesideGroup)
}

fn stanza(node: &Node) -> Option<Stanza> {
    let text = |name: &str| node.member(name).and_then(Node::as_str).map(str::to_owned);
    Some(Stanza { recipient: text("recipient").unwrap_or_default(), armored: text("enc")? })
}
