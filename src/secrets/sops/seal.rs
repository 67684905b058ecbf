//! Encrypts a plaintext document in place: every value and comment separately. The rest of the text does not change.

use super::cipher::DataKey;
use super::error::{CipherError, SopsError, ValueError, WriteError};
use super::format::Format;
use super::rule::Rule;
use super::splice::{Splices, line_start};
use super::tree::{Comment, Leaf, Tree};
use super::walk::{VisitContext, Visited, walk};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::{HashMap, VecDeque};

/// The ciphertexts of the document before a change. A value or comment that did not change keeps its ciphertext, even if it moved.
#[derive(Default)]
pub(super) struct Reuse(HashMap<(String, &'static str, [u8; 32]), VecDeque<Old>>);

struct Old {
    sealed: String,
    /// The ciphertext as it was written, with its quotes.
    written: String,
    flow: bool,
    /// The column of the dash before a comment that is an item.
    item: Option<usize>,
}

impl Reuse {
    /// The ciphertexts of an opened document.
    pub(super) fn of(text: &str, tree: &mut Tree, rule: &Rule) -> Result<Self, ValueError> {
        let mut reuse = Self::default();
        walk(tree, rule, &mut |at, found| {
            match found {
                Visited::Leaf(Leaf { scalar: Some(sealed), opened: Some(opened), spot, .. }) if !at.alias => {
                    let old = Old {
                        sealed: sealed.expose_text()?.to_owned(),
                        written: text[spot.place.clone()].to_owned(),
                        flow: spot.flow,
                        item: None,
                    };
                    reuse.0.entry(fingerprint(at, opened.name(), opened.expose())).or_default().push_back(old);
                }
                Visited::Comment(Comment { text: sealed, opened: Some(opened), place, item, .. }) => {
                    let column = place.start - line_start(text, place.start);
                    let old = Old {
                        sealed: sealed.expose_text().unwrap_or_default().trim().to_owned(),
                        written: text[place.clone()].to_owned(),
                        flow: false,
                        item: item.then_some(column),
                    };
                    reuse.0.entry(fingerprint(at, "comment", opened.expose())).or_default().push_back(old);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(reuse)
    }

    fn take(&mut self, at: &VisitContext, kind: &'static str, plain: &[u8]) -> Option<Old> {
        self.0.get_mut(&fingerprint(at, kind, plain))?.pop_front()
    }
}

fn fingerprint(at: &VisitContext, kind: &'static str, plain: &[u8]) -> (String, &'static str, [u8; 32]) {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, plain).as_ref());
    (at.path.to_owned(), kind, hash)
}

/// The text with every value encrypted that the rule encrypts.
pub(super) fn seal(
    format: Format,
    text: &str,
    tree: &mut Tree,
    rule: &Rule,
    key: &DataKey,
    reuse: &mut Reuse,
) -> Result<String, SopsError> {
    let mut splices = Splices::default();
    let lists = if format == Format::Yaml { list_comments(tree) } else { HashMap::new() };
    walk(tree, rule, &mut |at, found| {
        if !at.encrypted || at.alias {
            return Ok(());
        }
        match found {
            Visited::Leaf(leaf) => seal_leaf(format, &mut splices, at, leaf, key, reuse),
            Visited::Comment(comment) => {
                let list = lists.get(&comment.place.start).copied();
                seal_comment(format, text, &mut splices, at, comment, list, key, reuse)
            }
        }
    })?;
    let sealed = splices.apply(text)?;
    Ok(sealed.expose_text().ok_or(WriteError::NotUtf8)?.to_owned())
}

fn seal_leaf(
    format: Format,
    splices: &mut Splices,
    at: &VisitContext,
    leaf: &Leaf,
    key: &DataKey,
    reuse: &mut Reuse,
) -> Result<(), CipherError> {
    let Some(scalar) = leaf.scalar.as_ref().filter(|scalar| !scalar.is_empty()) else { return Ok(()) };
    let written = match reuse.take(at, scalar.name(), scalar.expose()) {
        Some(old) if old.flow == leaf.spot.flow => old.written,
        Some(old) => format.sealed(leaf, &old.sealed),
        None => format.sealed(leaf, &key.encrypt(scalar.expose(), at.path, scalar.name())?),
    };
    splices.put(leaf.spot.place.clone(), written);
    if let Some(lines) = &leaf.spot.lines {
        splices.cut(lines.clone());
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a step of one walk, which the compiler wants outside of it")]
fn seal_comment(
    format: Format,
    text: &str,
    splices: &mut Splices,
    at: &VisitContext,
    comment: &Comment,
    list: Option<usize>,
    key: &DataKey,
    reuse: &mut Reuse,
) -> Result<(), CipherError> {
    if comment.text.expose().is_empty() {
        return Ok(());
    }
    let own_column = comment.place.start - line_start(text, comment.place.start);
    let old = reuse.take(at, "comment", comment.text.expose());
    let sealed = match old {
        // A comment that SOPS wrote as an item of a list keeps that form if it is still in the list.
        Some(Old { item: Some(column), written, .. }) if list == Some(column) && own_column == column => {
            splices.put(comment.place.clone(), written);
            return Ok(());
        }
        Some(old) if old.item.is_none() => {
            splices.put(comment.place.clone(), old.written);
            return Ok(());
        }
        Some(old) => old.sealed,
        None => key.encrypt(comment.text.expose(), at.path, "comment")?,
    };
    splices.put(comment.place.clone(), format.comment(text, comment, &sealed));
    Ok(())
}

/// The columns of lists, by the places of the comments directly in them.
fn list_comments(tree: &Tree) -> HashMap<usize, usize> {
    use super::tree::{Form, Member, Node};
    fn look(node: &Node, found: &mut HashMap<usize, usize>) {
        let Some(collection) = node.collection() else { return };
        let block = matches!(node.form, Form::Sequence(_)) && !collection.flow;
        for member in &collection.members {
            match member {
                Member::Comment(comment) if block => _ = found.insert(comment.place.start, collection.column),
                Member::Comment(_) => {}
                Member::Entry(entry) => look(&entry.node, found),
            }
        }
    }
    let mut found = HashMap::new();
    tree.parts.iter().for_each(|part| look(&part.root, &mut found));
    found
}
