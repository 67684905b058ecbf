//! A SOPS file: first parsed without keys, then opened.

use super::cipher::DataKey;
use super::error::{ReadError, SopsError};
use super::format::Format;
use super::metadata::Metadata;
use super::tree::{Form, Member, Node, Tree, steps};
use super::{open, render};
use crate::secrets::age_file::Identities;
use crate::secrets::{DocumentPart, RepositoryPath};
use crate::words::Secret;
use crate::words::names::{SecretPath, check_pointer};
use std::collections::BTreeSet;

/// Whether values that nothing authenticates may be given out. With `mac_only_encrypted`, anybody who can write to the repository can
/// change the values that are not encrypted, and the MAC stays valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unauthenticated {
    /// They are refused. A service does this unless its policy says otherwise.
    Refuse,
    /// They are given like the others: to their own author, and where the policy allows it.
    Give,
}

/// An encrypted file that was parsed but not opened.
pub struct SopsFile {
    pub(super) format: Format,
    pub(super) text: String,
    pub(super) tree: Tree,
    pub(super) metadata: Metadata,
}

/// An opened file with a valid MAC. Its values are wiped on drop.
pub struct Document {
    pub(super) file: SopsFile,
    pub(super) key: DataKey,
}

impl SopsFile {
    /// Parses a file. Its name decides its format. The error says what to do and shows no value.
    pub fn parse(path: &SecretPath, bytes: &[u8]) -> Result<Self, SopsError> {
        Self::read(Format::of(path), std::str::from_utf8(bytes).map_err(|_| SopsError::NotUtf8)?)
    }

    pub(super) fn read(format: Format, text: &str) -> Result<Self, SopsError> {
        let tree = match format.parse(text) {
            Err(_) if format == Format::Binary => return Err(SopsError::NoSection),
            parsed => parsed?,
        };
        let section = tree.parts.iter().find_map(|part| part.section.as_ref()).ok_or(SopsError::NoSection)?;
        let metadata = Metadata::read(&section.node, format == Format::Binary)?;
        if format == Format::Binary && tree.parts[0].root.member("data").and_then(Node::leaf).is_none() {
            return Err(SopsError::NoData);
        }
        Ok(Self { format, text: text.to_owned(), tree, metadata })
    }

    /// The age recipients that the file names.
    pub fn recipients(&self) -> Vec<&str> {
        self.metadata.stanzas.iter().map(|stanza| stanza.recipient.as_str()).collect()
    }

    /// The data key, wrapped for each recipient: armored age files.
    pub fn wrapped(&self) -> impl Iterator<Item = &str> {
        self.metadata.stanzas.iter().map(|stanza| stanza.armored.as_str())
    }

    /// Whether these are exactly its age recipients, in any order, each named once in the file.
    pub fn is_for(&self, recipients: &[String]) -> bool {
        let mut own = self.recipients();
        let mut expected: Vec<&str> = recipients.iter().map(String::as_str).collect();
        own.sort_unstable();
        expected.sort_unstable();
        expected.dedup();
        own == expected
    }

    /// Whether it holds a single value: its extension is not that of a document.
    pub fn is_one_value(&self) -> bool {
        self.format == Format::Binary
    }

    /// Whether it has a value at this JSON pointer. The names of values are readable without a key.
    pub fn has(&self, pointer: &str) -> bool {
        self.find(pointer).is_some()
    }

    /// The JSON pointers of all values below this pointer, or the pointer itself if it is a value. Names are readable without a key.
    pub fn values_below(&self, pointer: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        match (pointer, &self.tree.parts[..]) {
            ("", several) if several.len() > 1 => {
                for (number, part) in several.iter().enumerate() {
                    part.root.add_values(&format!("/{number}"), &mut found);
                }
            }
            _ => self.find(pointer).into_iter().for_each(|node| node.add_values(pointer, &mut found)),
        }
        found
    }

    pub(super) fn find(&self, pointer: &str) -> Option<&Node> {
        if self.format == Format::Binary {
            return None;
        }
        let steps = steps(pointer);
        let (part, steps) = match &self.tree.parts[..] {
            [only] => (only, &steps[..]),
            several => (several.get(super::tree::index(steps.first()?)?)?, &steps[1..]),
        };
        steps.iter().try_fold(&part.root, |node, step| node.step(step))
    }

    /// Whether each wrapped data key is bound to this path or to none.
    pub fn is_free_for(&self, path: Option<&RepositoryPath>) -> bool {
        self.metadata.stanzas.iter().all(|stanza| stanza.is_free_for(path))
    }

    /// The kinds of other keys that the file is encrypted to, such as `pgp` or `kms`.
    pub fn foreign_keys(&self) -> &[&'static str] {
        &self.metadata.foreign
    }

    /// These other keys, each with its kind: `pgp` and the fingerprint, `kms` and the ARN.
    pub fn foreign_named(&self) -> &[String] {
        &self.metadata.foreign_keys
    }

    /// The time of the last change as the file states it (RFC 3339). It is authentic only once the file is opened.
    pub fn last_modified(&self) -> &str {
        &self.metadata.last_modified
    }

    /// Decrypts every value and checks the MAC.
    pub fn open(mut self, identities: &Identities) -> Result<Document, SopsError> {
        let key = self.metadata.data_key(identities)?;
        open::open(&mut self.tree, &self.metadata, &key)?;
        Ok(Document { file: self, key })
    }
}

impl Document {
    /// Whether it has a value at this JSON pointer.
    pub fn has(&self, pointer: &str) -> bool {
        self.file.has(pointer)
    }

    /// One value by JSON pointer (RFC 6901): a text as it is, anything else as JSON. If the file holds several YAML documents, the first
    /// step is the number of the document.
    pub fn value(&self, pointer: &str, unauthenticated: Unauthenticated) -> Result<Secret, ReadError> {
        check_pointer(pointer)?;
        let node = self.find(pointer).ok_or_else(|| ReadError::NoValue { pointer: pointer.to_owned() })?;
        check(node, unauthenticated, pointer)?;
        match &node.form {
            Form::Leaf(leaf) => {
                Ok(leaf.meaning().map_or_else(|| Secret::from("null".to_owned()), super::scalar::Scalar::plain_text))
            }
            _ => Ok(Secret::from(super::draft::Draft::of(node).json()?)),
        }
    }

    /// The document in its own format without the metadata. A file with a single value gives its bytes.
    pub fn render(&self, unauthenticated: Unauthenticated) -> Result<Secret, ReadError> {
        self.file.tree.parts.iter().try_for_each(|part| check(&part.root, unauthenticated, "/"))?;
        self.plaintext()
    }

    /// Whether this part is or holds a value that nothing authenticates.
    pub fn holds_unauthenticated(&self, part: DocumentPart<'_>) -> bool {
        let at = |pointer: &str| self.find(pointer).is_some_and(|node| !authenticated(node));
        match part {
            DocumentPart::Whole => self.file.tree.parts.iter().any(|part| !authenticated(&part.root)),
            DocumentPart::Value(key) => at(key),
            DocumentPart::Values(keys) => keys.iter().any(|key| at(key)),
        }
    }

    pub(super) fn plaintext(&self) -> Result<Secret, ReadError> {
        let file = &self.file;
        if file.format == Format::Binary {
            let data = file.tree.parts[0].root.member("data").and_then(Node::leaf).and_then(|leaf| leaf.meaning());
            return data.map(super::scalar::Scalar::plain_text).ok_or(ReadError::NoData);
        }
        render::render(file.format, &file.text, &file.tree)
    }

    pub(super) fn find(&self, pointer: &str) -> Option<&Node> {
        self.file.find(pointer)
    }

    /// The file that was opened.
    pub const fn file(&self) -> &SopsFile {
        &self.file
    }
}

/// Refuses a part that is or holds a value that nothing authenticates.
pub(super) fn check(node: &Node, unauthenticated: Unauthenticated, at: &str) -> Result<(), ReadError> {
    if unauthenticated == Unauthenticated::Give || authenticated(node) {
        return Ok(());
    }
    Err(ReadError::Unauthenticated { at: at.to_owned() })
}

fn authenticated(node: &Node) -> bool {
    match &node.form {
        Form::Leaf(leaf) => leaf.authenticated,
        Form::Mapping(collection) | Form::Sequence(collection) => collection.members.iter().all(|member| match member {
            Member::Comment(_) => true,
            Member::Entry(entry) => authenticated(&entry.node),
        }),
    }
}
