//! The plaintext of a document: its own text with decrypted values and without the metadata.

use super::error::{ReadError, ValueError};
use super::format::Format;
use super::splice::Splices;
use super::tree::{Comment, Form, Leaf, Member, Node, Part, Tree};
use crate::words::{Secret, pointer_below};

/// The plaintext of an empty YAML document. It keeps the place of the document in a file with several: without it, the next document
/// would get its number.
const EMPTY: &str = "{}\n";

/// The document as it was before encryption, except for quotes and line breaks within values.
pub(super) fn render(format: Format, text: &str, tree: &Tree) -> Result<Secret, ReadError> {
    let mut splices = Splices::default();
    for part in &tree.parts {
        put_node(format, text, &mut splices, &part.root)?;
        let empty = if format == Format::Yaml && is_empty(part) { EMPTY } else { "" };
        let cuts = part.section.iter().flat_map(|section| &section.cuts);
        cuts.for_each(|cut| splices.put(cut.clone(), empty.to_owned()));
    }
    Ok(splices.apply(text)?)
}

/// Whether a document holds only its section: without the section a reader would not see that the document exists.
fn is_empty(part: &Part) -> bool {
    part.root.collection().is_some_and(|root| !root.flow && root.entries().next().is_none())
}

fn put_node(format: Format, text: &str, splices: &mut Splices, node: &Node) -> Result<(), ValueError> {
    // The value of an alias is written at its anchor.
    match &node.form {
        _ if node.alias => Ok(()),
        Form::Leaf(leaf) => put_leaf(format, text, splices, leaf),
        Form::Mapping(collection) | Form::Sequence(collection) => collection.members.iter().try_for_each(|member| match member {
            Member::Comment(comment) => put_comment(format, text, splices, comment),
            Member::Entry(entry) => put_node(format, text, splices, &entry.node),
        }),
    }
}

fn put_leaf(format: Format, text: &str, splices: &mut Splices, leaf: &Leaf) -> Result<(), ValueError> {
    let Some(opened) = &leaf.opened else { return Ok(()) };
    splices.put(leaf.spot.place.clone(), format.plain(text, leaf, opened)?);
    if let Some(lines) = &leaf.spot.lines {
        splices.cut(lines.clone());
    }
    Ok(())
}

fn put_comment(format: Format, text: &str, splices: &mut Splices, comment: &Comment) -> Result<(), ValueError> {
    if let Some(opened) = &comment.opened {
        let opened = opened.expose_text().ok_or(ValueError::CommentNotUtf8)?;
        splices.put(comment.place.clone(), format.comment(text, comment, opened));
    }
    Ok(())
}

/// The JSON pointer of the first value that differs in meaning between two documents. Comments are ignored.
pub(super) fn difference(one: &Tree, other: &Tree) -> Option<String> {
    if one.parts.len() != other.parts.len() {
        return Some("the number of documents".to_owned());
    }
    one.parts.iter().zip(&other.parts).find_map(|(one, other)| differ(&one.root, &other.root, ""))
}

fn differ(one: &Node, other: &Node, at: &str) -> Option<String> {
    let here = || Some(if at.is_empty() { "/".to_owned() } else { at.to_owned() });
    match (&one.form, &other.form) {
        (Form::Leaf(one), Form::Leaf(other)) => match (one.meaning(), other.meaning()) {
            (None, None) => None,
            (Some(one), Some(other)) if one.same(other) => None,
            _ => here(),
        },
        (Form::Mapping(one), Form::Mapping(other)) | (Form::Sequence(one), Form::Sequence(other)) => {
            if one.entries().count() != other.entries().count() {
                return here();
            }
            one.entries().zip(other.entries()).enumerate().find_map(|(index, (one, other))| {
                let step = if one.key.is_empty() { index.to_string() } else { one.key.clone() };
                let below = pointer_below(at, &step);
                if one.key == other.key { differ(&one.node, &other.node, &below) } else { Some(below) }
            })
        }
        _ => here(),
    }
}
