//! A document as SOPS sees it, in order, with the place of every part in the text that it was read from.

use super::scalar::Scalar;
use crate::words::Secret;
use std::collections::BTreeSet;
use std::ops::Range;

/// The content of one file. YAML may have several documents.
pub(super) struct Tree {
    pub(super) parts: Vec<Part>,
}

/// One document and its copy of the metadata.
pub(super) struct Part {
    pub(super) root: Node,
    pub(super) section: Option<Section>,
    /// Where a section is inserted.
    pub(super) end: usize,
}

/// The `sops` section.
pub(super) struct Section {
    pub(super) node: Node,
    /// The ranges to cut out of the text, so that only the document is left.
    pub(super) cuts: Vec<Range<usize>>,
}

#[derive(Clone)]
pub(super) struct Node {
    /// From its first to its last byte.
    pub(super) place: Range<usize>,
    pub(super) form: Form,
    /// It is an alias: its own place is the alias's, but the places within it are the anchor's.
    pub(super) alias: bool,
}

#[derive(Clone)]
pub(super) enum Form {
    Leaf(Leaf),
    Mapping(Collection),
    Sequence(Collection),
}

#[derive(Clone)]
pub(super) struct Collection {
    pub(super) members: Vec<Member>,
    /// It is in braces or brackets.
    pub(super) flow: bool,
    /// The column of its keys or dashes.
    pub(super) column: usize,
}

#[derive(Clone)]
pub(super) enum Member {
    Comment(Comment),
    Entry(Entry),
}

#[derive(Clone)]
pub(super) struct Entry {
    /// Empty in a sequence.
    pub(super) key: String,
    /// The place of the key or of the dash.
    pub(super) start: usize,
    pub(super) node: Node,
}

#[derive(Clone)]
pub(super) struct Leaf {
    /// The value as it is written; `None` is null.
    pub(super) scalar: Option<Scalar>,
    pub(super) spot: LeafSpan,
    /// The decrypted value, once there is one.
    pub(super) opened: Option<Scalar>,
    /// The MAC or its own tag authenticates it.
    pub(super) authenticated: bool,
}

/// Where a leaf's text is, and what may be written there.
#[derive(Clone, Default)]
pub(super) struct LeafSpan {
    /// The range that another text replaces.
    pub(super) place: Range<usize>,
    /// The lines of a block scalar, which are replaced too.
    pub(super) lines: Option<Range<usize>>,
    /// It is within braces or brackets.
    pub(super) flow: bool,
    /// The column of the collection that it is in.
    pub(super) column: usize,
    /// No value is written there yet: a space must come before one.
    pub(super) absent: bool,
}

pub(super) struct Comment {
    /// The text after its sign. In a plaintext it may be a secret.
    pub(super) text: Secret,
    pub(super) place: Range<usize>,
    /// Whether it is an item of a YAML list: SOPS writes encrypted comments of a list like that.
    pub(super) item: bool,
    pub(super) opened: Option<Secret>,
}

impl Collection {
    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.members.iter().filter_map(|member| match member {
            Member::Entry(entry) => Some(entry),
            Member::Comment(_) => None,
        })
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().find(|entry| entry.key == key)
    }
}

impl Node {
    /// Adds the JSON pointers of its values. `here` is its own pointer.
    pub(super) fn add_values(&self, here: &str, found: &mut BTreeSet<String>) {
        let (Form::Mapping(collection) | Form::Sequence(collection)) = &self.form else {
            found.insert(here.to_owned());
            return;
        };
        for (number, entry) in collection.entries().enumerate() {
            let step = match &self.form {
                Form::Mapping(_) => entry.key.replace('~', "~0").replace('/', "~1"),
                _ => number.to_string(),
            };
            entry.node.add_values(&format!("{here}/{step}"), found);
        }
    }

    pub(super) const fn new(place: Range<usize>, form: Form) -> Self {
        Self { place, form, alias: false }
    }

    /// The members of a mapping or a sequence.
    pub(super) const fn collection(&self) -> Option<&Collection> {
        match &self.form {
            Form::Mapping(collection) | Form::Sequence(collection) => Some(collection),
            Form::Leaf(_) => None,
        }
    }

    pub(super) fn member(&self, key: &str) -> Option<&Self> {
        match &self.form {
            Form::Mapping(collection) => collection.entry(key).map(|entry| &entry.node),
            _ => None,
        }
    }

    pub(super) const fn leaf(&self) -> Option<&Leaf> {
        match &self.form {
            Form::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// The text of a leaf as it is written.
    pub(super) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.leaf()?.scalar.as_ref()?.expose()).ok()
    }

    /// One step of a JSON pointer (RFC 6901). It also finds keys from a merge key (`<<`).
    pub(super) fn step(&self, key: &str) -> Option<&Self> {
        match &self.form {
            Form::Leaf(_) => None,
            Form::Sequence(items) => items.entries().nth(index(key)?).map(|entry| &entry.node),
            Form::Mapping(_) => self.member(key).or_else(|| self.merged(key)),
        }
    }

    fn merged(&self, key: &str) -> Option<&Self> {
        let merge = self.member("<<")?;
        match &merge.form {
            Form::Sequence(items) => items.entries().find_map(|entry| entry.node.step_of_mapping(key)),
            _ => merge.step_of_mapping(key),
        }
    }

    fn step_of_mapping(&self, key: &str) -> Option<&Self> {
        matches!(self.form, Form::Mapping(_)).then(|| self.step(key)).flatten()
    }
}

impl Leaf {
    pub(super) const fn new(scalar: Option<Scalar>, spot: LeafSpan) -> Self {
        Self { scalar, spot, opened: None, authenticated: false }
    }

    /// The meaning of the leaf: the decrypted value if it was encrypted.
    pub(super) fn meaning(&self) -> Option<&Scalar> {
        self.opened.as_ref().or(self.scalar.as_ref())
    }
}

impl Clone for Comment {
    fn clone(&self) -> Self {
        let opened = self.opened.as_ref().map(Secret::duplicate);
        Self { text: self.text.duplicate(), place: self.place.clone(), item: self.item, opened }
    }
}

impl Comment {
    pub(super) const fn new(text: Secret, place: Range<usize>) -> Self {
        Self { text, place, item: false, opened: None }
    }
}

/// An index as RFC 6901 defines it: no sign, no leading zero.
pub(super) fn index(key: &str) -> Option<usize> {
    let canonical = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    canonical.then(|| key.parse().ok()).flatten()
}

/// The steps of a pointer, unescaped.
pub(super) fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}
