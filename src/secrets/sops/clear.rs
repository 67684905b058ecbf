//! What of a file is in clear. The values count as they stand: what its rule would encrypt, and nobody did, is readable too.

use super::cipher;
use super::creation::Creation;
use super::document::SopsFile;
use super::format::Format;
use super::scalar::{Kind, Scalar};
use super::tree::{Form, Node};
use super::walk::{Found, look_through};
use crate::secrets::pointer;
use std::collections::BTreeMap;

/// Values by the keys on the way to them, or comments by those of what they stand in. A list's items share theirs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Standing {
    path: String,
    is_comment: bool,
}

/// How many there are, without empty ones.
#[derive(Clone, Copy, Default, Debug)]
pub struct Count {
    /// Encrypted.
    pub sealed: usize,
    /// For whoever reads the file.
    pub clear: usize,
    /// Of those in clear: what the file's own rule says is to be encrypted.
    pub unsealed: usize,
}

impl Standing {
    /// As one says it.
    pub fn told(&self) -> String {
        let at = pointer(&self.path);
        if self.is_comment { format!("a comment in {at}") } else { at }
    }
}

impl SopsFile {
    /// What is encrypted and what is in clear, by where it stands.
    pub fn standing(&mut self) -> BTreeMap<Standing, Count> {
        let mut places: BTreeMap<Standing, Count> = BTreeMap::new();
        look_through(&mut self.tree, &self.metadata.rule, &mut |at, found| {
            let (is_comment, sealed) = match found {
                Found::Leaf(leaf) => (false, leaf.scalar.as_ref().filter(|scalar| !scalar.is_empty()).map(is_ciphertext)),
                Found::Comment(comment) => {
                    let text = comment.text.expose_text().unwrap_or_default().trim();
                    (true, (!text.is_empty()).then(|| cipher::is_ciphertext(text)))
                }
            };
            let Some(sealed) = sealed else { return };
            let count = places.entry(Standing { path: at.path.to_owned(), is_comment }).or_default();
            let is_hidden = at.encrypted && sealed;
            count.sealed += usize::from(is_hidden);
            count.clear += usize::from(!is_hidden);
            count.unsealed += usize::from(at.encrypted && !sealed);
        });
        places
    }

    /// Where something is in clear that its own rule says is to be encrypted: somebody wrote it there by hand. A value of these makes
    /// the whole file one that does not open; a comment, which no MAC covers, does not.
    pub fn unsealed(&mut self) -> Vec<String> {
        let places = self.standing();
        places.iter().filter(|(_, count)| count.unsealed > 0).map(|(standing, _)| standing.told()).collect()
    }

    /// The JSON pointers of values that are in clear, and whether all of them are.
    pub fn clear_values(&mut self) -> (Vec<String>, bool) {
        let mut places = self.standing();
        places.retain(|standing, _| !standing.is_comment);
        let clear: Vec<String> =
            places.iter().filter(|(_, count)| count.clear > 0).map(|(standing, _)| standing.told()).collect();
        let all = !clear.is_empty() && places.values().all(|count| count.sealed == 0);
        (clear, all)
    }

    /// Whether something of this value is in clear.
    pub fn is_clear(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(holds_clear)
    }

    /// Whether this rule would encrypt anything of it. Comments cannot be asked, where they are encrypted.
    pub fn would_be_hidden(&mut self, by: &Creation) -> bool {
        let (mut hidden, mut shown) = (self.format == Format::Binary || by.rule.asks_comments(), false);
        look_through(&mut self.tree, &by.rule, &mut |at, found| {
            if matches!(found, Found::Leaf(leaf) if leaf.scalar.as_ref().is_some_and(|scalar| !scalar.is_empty())) {
                if at.encrypted { hidden = true } else { shown = true }
            }
        });
        hidden || !shown
    }

    /// What tells which of its values are encrypted, such as `encrypted_regex: ^data$`.
    pub fn setting(&self) -> String {
        self.metadata.rule.told()
    }

    /// Whether it names what it leaves in clear, and not what is encrypted.
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
