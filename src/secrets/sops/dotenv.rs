//! SOPS's dotenv format: lines of `NAME=value`, line breaks written as `\n`, and the metadata flattened into `sops_…` names.
//!
//! As in SOPS, quotes, `export` and spaces are part of the value or of the name.

use super::draft::Draft;
use super::error::{ChangeError, SyntaxError, SyntaxFault, ValueError};
use super::flat;
use super::limits::Budget;
use super::scalar::Scalar;
use super::tree::{Collection, Comment, Entry, Form, Leaf, LeafSpan, Member, Node, Part, Section, Tree};
use crate::words::Secret;
use std::ops::Range;

/// The prefix of the names of the metadata.
const PREFIX: &str = "sops_";

/// Reads the lines.
pub(super) fn parse(text: &str) -> Result<Tree, SyntaxError> {
    let mut root = Collection { members: Vec::new(), flow: false, column: 0 };
    let (mut fields, mut cuts) = (Vec::new(), Vec::new());
    let (mut budget, mut seen, mut at) = (Budget::new(), std::collections::HashSet::new(), 0);
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let place = at..at + line.len();
        at += whole.len();
        budget.spend(1)?;
        if let Some(comment) = line.strip_prefix('#') {
            root.members.push(Member::Comment(Comment::new(Secret::from(comment.to_owned()), place)));
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| SyntaxFault::NoPair { form: "NAME=value" }.at(number + 1))?;
        if !seen.insert(name.to_owned()) {
            return Err(SyntaxFault::Twice { name: name.to_owned() }.at(number + 1));
        }
        let leaf = leaf(&value.replace("\\n", "\n"), place.start + name.len() + 1..place.end);
        match name.strip_prefix(PREFIX) {
            Some(field) => {
                fields.push((field.to_owned(), leaf));
                cuts.push(place.start..at);
            }
            None => {
                let node = Node::new(leaf.spot.place.clone(), Form::Leaf(leaf));
                root.members.push(Member::Entry(Entry { key: name.to_owned(), start: place.start, node }));
            }
        }
    }
    let section = (!fields.is_empty()).then(|| Section { node: flat::nested(fields, text.len()..text.len()), cuts });
    Ok(Tree { parts: vec![Part { root: Node::new(0..text.len(), Form::Mapping(root)), section, end: text.len() }] })
}

pub(super) fn leaf(text: &str, place: Range<usize>) -> Leaf {
    Leaf::new(Some(Scalar::text(text)), LeafSpan { place, ..LeafSpan::default() })
}

/// A value as it is written on its line.
pub(super) fn value(scalar: &Scalar) -> Result<String, ValueError> {
    let text = scalar.plain_text();
    let text = text.expose_text().ok_or(ValueError::NotUtf8In { form: "dotenv" })?;
    if text.contains('\r') {
        return Err(ValueError::CarriageReturn);
    }
    Ok(text.replace('\n', "\\n"))
}

/// The lines of a section.
pub(super) fn section(section: &Draft) -> String {
    flat::flattened(section).into_iter().map(|(name, text)| format!("{PREFIX}{name}={text}\n")).collect()
}

/// Whether a name may be added.
pub(super) fn check_name(name: &str) -> Result<(), ChangeError> {
    if name.is_empty() || name.starts_with(['#']) || name.starts_with(PREFIX) || name.contains(['=', '\n', '\r']) {
        return Err(ChangeError::Name { name: name.to_owned(), file: "a dotenv" });
    }
    Ok(())
}
