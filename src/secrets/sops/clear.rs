//! Which parts of a file are in clear. Only the values themselves count: one that the rule would encrypt but nobody did is readable too.

use super::cipher;
use super::creation::Creation;
use super::document::SopsFile;
use super::format::Format;
use super::scalar::{Kind, Scalar};
use super::tree::{Form, Node};
use super::walk::{Visited, look_through};
use crate::secrets::pointer;
use std::collections::BTreeMap;

/// A place in a file: values with the same keys on their path, or comments in the same collection. Items of a list share a place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ClearPlace {
    path: String,
    is_comment: bool,
}

/// The number of values or comments at a place, without empty ones.
#[derive(Clone, Copy, Default, Debug)]
pub struct Count {
    /// Encrypted.
    pub sealed: usize,
    /// In clear: everybody who reads the file can read them.
    pub clear: usize,
    /// Those of the ones in clear that the file's own rule says to encrypt.
    pub unsealed: usize,
}

impl ClearPlace {
    /// The place as a text for people.
    pub fn description(&self) -> String {
        let at = pointer(&self.path);
        if self.is_comment { format!("a comment in {at}") } else { at }
    }
}

impl SopsFile {
    /// How much is encrypted and how much is in clear, by place.
    pub fn standing(&mut self) -> BTreeMap<ClearPlace, Count> {
        let mut places: BTreeMap<ClearPlace, Count> = BTreeMap::new();
        look_through(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            let (is_comment, sealed) = match found {
                Visited::Leaf(leaf) => (false, leaf.scalar.as_ref().filter(|scalar| !scalar.is_empty()).map(is_ciphertext)),
                Visited::Comment(comment) => {
                    let text = comment.text.expose_text().unwrap_or_default().trim();
                    (true, (!text.is_empty()).then(|| cipher::is_ciphertext(text)))
                }
            };
            let Some(sealed) = sealed else { return };
            let count = places.entry(ClearPlace { path: at.path.to_owned(), is_comment }).or_default();
            let is_hidden = at.encrypted && sealed;
            count.sealed += usize::from(is_hidden);
            count.clear += usize::from(!is_hidden);
            count.unsealed += usize::from(at.encrypted && !sealed);
        });
        places
    }

    /// The places where something is in clear although the file's own rule says to encrypt it: somebody wrote it there by hand. Because of
    /// such a value the whole file does not open. A comment, which no MAC covers, does not prevent it.
    pub fn unsealed(&mut self) -> Vec<String> {
        let places = self.standing();
        places.iter().filter(|(_, count)| count.unsealed > 0).map(|(standing, _)| standing.description()).collect()
    }

    /// The JSON pointers of values that are in clear, and whether all of them are.
    pub fn clear_values(&mut self) -> (Vec<String>, bool) {
        let mut places = self.standing();
        places.retain(|standing, _| !standing.is_comment);
        let clear: Vec<String> =
            places.iter().filter(|(_, count)| count.clear > 0).map(|(standing, _)| standing.description()).collect();
        let all = !clear.is_empty() && places.values().all(|count| count.sealed == 0);
        (clear, all)
    }

    /// Whether a part of this value is in clear.
    pub fn is_clear(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(holds_clear)
    }

    /// Whether this rule would encrypt any value of the file. A rule that looks at comments counts as one that would: comments may be
    /// encrypted.
    pub fn would_be_hidden(&mut self, by: &Creation) -> bool {
        let (mut hidden, mut readable) = (self.format == Format::Binary || by.rule.asks_comments(), false);
        look_through(&mut self.tree, &by.rule, &mut |at, found| {
            if matches!(found, Visited::Leaf(leaf) if leaf.scalar.as_ref().is_some_and(|scalar| !scalar.is_empty())) {
                if at.encrypted { hidden = true } else { readable = true }
            }
        });
        hidden || !readable
    }

    /// The setting that decides which values are encrypted, such as `encrypted_regex: ^data$`.
    pub fn setting(&self) -> String {
        self.metadata.rule.description()
    }

    /// Whether the setting names what stays in clear, not what is encrypted.
    pub fn names_what_is_clear(&self) -> bool {
        self.metadata.rule.names_what_is_clear()
    }
}

fn is_ciphertext(scalar: &Scalar) -> bool {
    scalar.kind == Kind::Text && std::str::from_utf8(scalar.expose()).is_ok_and(cipher::is_ciphertext)
}

fn holds_clear(node: &Node) -> bool {
    match &node.form {
        Form::Leaf(leaf) => leaf.scalar.as_ref().is_some_and(|scalar| !scalar.is_empty() && !is_ciphertext(scalar)),
        Form::Mapping(members) | Form::Sequence(members) => members.entries().any(|entry| holds_clear(&entry.node)),
    }
}
