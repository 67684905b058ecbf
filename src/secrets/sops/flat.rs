//! The metadata in formats without nesting: `age__list_0__map_enc` is what YAML writes as `age: [{enc: …}]`.

use super::draft::Draft;
use super::tree::{Collection, Entry, Form, Leaf, Member, Node};
use std::ops::Range;

/// Builds the nested section from flat fields: names without the prefix `sops_`, and their values.
pub(super) fn nested(fields: Vec<(String, Leaf)>, place: Range<usize>) -> Node {
    let mut root = collection();
    for (name, leaf) in fields {
        let steps: Vec<&str> = name.split("__").collect();
        insert(&mut root, &steps, leaf);
    }
    Node::new(place, Form::Mapping(root))
}

const fn collection() -> Collection {
    Collection { members: Vec::new(), flow: false, column: 0 }
}

fn insert(collection: &mut Collection, steps: &[&str], leaf: Leaf) {
    let Some((step, rest)) = steps.split_first() else { return };
    let key = step.strip_prefix("map_").or_else(|| step.strip_prefix("list_")).unwrap_or(step);
    let place = leaf.spot.place.clone();
    let found = collection.members.iter().position(|member| matches!(member, Member::Entry(entry) if entry.key == key));
    let at = found.unwrap_or_else(|| {
        let form = match rest.first() {
            None => Form::Leaf(leaf.clone()),
            Some(next) if next.starts_with("list_") => Form::Sequence(self::collection()),
            Some(_) => Form::Mapping(self::collection()),
        };
        let node = Node::new(place.clone(), form);
        collection.members.push(Member::Entry(Entry { key: key.to_owned(), start: place.start, node }));
        collection.members.len() - 1
    });
    let Member::Entry(entry) = &mut collection.members[at] else { return };
    match &mut entry.node.form {
        Form::Mapping(inner) | Form::Sequence(inner) if !rest.is_empty() => insert(inner, rest, leaf),
        // The field is already there in another form. This one keeps its full name, so that the search for stray members finds it.
        form if matches!(form, Form::Leaf(_)) == rest.is_empty() => {}
        _ => {
            let node = Node::new(place.clone(), Form::Leaf(leaf));
            collection.members.push(Member::Entry(Entry { key: steps.join("__"), start: place.start, node }));
        }
    }
}

/// The fields of a section with flat names. Line breaks are written as `\n`.
pub(super) fn flattened(section: &Draft) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    if let Draft::Mapping(members) = section {
        members.iter().for_each(|(key, value)| flatten(&mut fields, key.clone(), value));
    }
    fields
}

fn flatten(fields: &mut Vec<(String, String)>, name: String, value: &Draft) {
    match value {
        Draft::Null => {}
        Draft::Scalar(scalar) => {
            let text = scalar.plain_text();
            fields.push((name, text.expose_text().unwrap_or_default().replace('\n', "\\n")));
        }
        Draft::Mapping(members) => {
            members.iter().for_each(|(key, value)| flatten(fields, format!("{name}__map_{key}"), value));
        }
        Draft::Sequence(items) => {
            items.iter().enumerate().for_each(|(index, value)| flatten(fields, format!("{name}__list_{index}"), value));
        }
    }
}
