//! Sets or removes one value in the text of a plaintext document.

use super::draft::Draft;
use super::error::ChangeError;
use super::format::Format;
use super::splice::{Splices, line_end, next_line};
use super::tree::{Entry, Node, Part, Tree, index, steps};
use super::{dotenv, flow, ini, json, yaml};
use crate::words::names::check_pointer;

/// Sets the value at the pointer, and adds missing mappings on the way.
pub(super) fn set(format: Format, text: &str, tree: &Tree, pointer: &str, draft: &Draft) -> Result<Splices, ChangeError> {
    let (part, steps) = part_of(tree, pointer)?;
    let mut splices = Splices::default();
    let mut node = &part.root;
    let (mut column, mut flow) = (0, false);
    for (depth, step) in steps.iter().enumerate() {
        let collection = node.collection();
        (column, flow) = collection.map_or((column, flow), |collection| (collection.column, collection.flow));
        match node.step(step) {
            Some(next) => node = next,
            None => {
                let draft = wrapped(draft, &steps[depth + 1..]);
                let empty = collection.is_none_or(|collection| collection.members.is_empty());
                return if depth > 0
                    && (node.leaf().is_some_and(|leaf| leaf.scalar.is_none())
                        || (empty && collection.is_some() && !is_list(node) && format != Format::Ini))
                {
                    let outer = outer_of(&part.root, &steps[..depth - 1]);
                    let draft = Draft::Mapping(vec![(step.clone(), draft)]);
                    replace(format, text, &mut splices, node, outer, &draft).map(|()| splices)
                } else {
                    add(format, text, &mut splices, part, node, step, &draft).map(|()| splices)
                };
            }
        }
    }
    if std::ptr::eq(node, &part.root) {
        return Err(ChangeError::SetWhole);
    }
    replace(format, text, &mut splices, node, (column, flow), draft)?;
    Ok(splices)
}

/// Removes the value at the pointer.
pub(super) fn unset(format: Format, text: &str, tree: &Tree, pointer: &str) -> Result<Splices, ChangeError> {
    let (part, steps) = part_of(tree, pointer)?;
    let Some((last, before)) = steps.split_last() else { return Err(ChangeError::UnsetWhole) };
    let missing = || ChangeError::NoValue { pointer: pointer.to_owned() };
    let parent = before.iter().try_fold(&part.root, |node, step| node.step(step)).ok_or_else(missing)?;
    let entry = entry_of(parent, last).ok_or_else(missing)?;
    if parent.alias {
        return Err(ChangeError::FromAlias { pointer: pointer.to_owned() });
    }
    let mut splices = Splices::default();
    match format {
        Format::Yaml => yaml::change::remove(text, &mut splices, parent, entry, before.is_empty())?,
        Format::Json | Format::Binary => {
            let collection = parent.collection().ok_or_else(missing)?;
            splices.cut(flow::removal(collection, &(entry.start..entry.node.place.end)));
        }
        Format::Dotenv | Format::Ini => splices.cut(entry.start..next_line(text, entry.node.place.end)),
    }
    Ok(splices)
}

fn part_of<'t>(tree: &'t Tree, pointer: &str) -> Result<(&'t Part, Vec<String>), ChangeError> {
    check_pointer(pointer)?;
    let mut steps = steps(pointer);
    match &tree.parts[..] {
        [only] => Ok((only, steps)),
        several => {
            let number = index(&steps.remove(0)).and_then(|number| several.get(number));
            Ok((number.ok_or(ChangeError::SeveralDocuments)?, steps))
        }
    }
}

fn entry_of<'t>(parent: &'t Node, step: &str) -> Option<&'t Entry> {
    let collection = parent.collection()?;
    if is_list(parent) { collection.entries().nth(index(step)?) } else { collection.entry(step) }
}

const fn is_list(node: &Node) -> bool {
    matches!(node.form, super::tree::Form::Sequence(_))
}

/// The column of the collection at these steps, and whether it is in braces or brackets.
fn outer_of(root: &Node, steps: &[String]) -> (usize, bool) {
    let node = steps.iter().try_fold(root, |node, step| node.step(step));
    node.and_then(Node::collection).map_or((0, false), |collection| (collection.column, collection.flow))
}

/// The value inside mappings for these steps.
fn wrapped(draft: &Draft, steps: &[String]) -> Draft {
    let inner = match draft {
        Draft::Null => Draft::Null,
        Draft::Scalar(scalar) => Draft::Scalar(scalar.clone()),
        Draft::Mapping(members) => {
            Draft::Mapping(members.iter().map(|(key, value)| (key.clone(), wrapped(value, &[]))).collect())
        }
        Draft::Sequence(items) => Draft::Sequence(items.iter().map(|item| wrapped(item, &[])).collect()),
    };
    steps.iter().rev().fold(inner, |inner, step| Draft::Mapping(vec![(step.clone(), inner)]))
}

fn replace(
    format: Format,
    text: &str,
    splices: &mut Splices,
    node: &Node,
    (column, flow): (usize, bool),
    draft: &Draft,
) -> Result<(), ChangeError> {
    match format {
        Format::Yaml => Ok(yaml::change::replace(text, splices, node, column, flow, draft)?),
        Format::Json | Format::Binary => {
            splices.put(node.place.clone(), draft.json()?);
            Ok(())
        }
        Format::Dotenv | Format::Ini => {
            let (Draft::Scalar(scalar), Some(leaf)) = (draft, node.leaf()) else {
                return Err(ChangeError::OneText);
            };
            let written = format.plain(text, leaf, scalar)?;
            splices.put(leaf.spot.place.clone(), if leaf.spot.absent { format!(" {written}") } else { written });
            Ok(())
        }
    }
}

fn add(
    format: Format,
    text: &str,
    splices: &mut Splices,
    part: &Part,
    parent: &Node,
    step: &str,
    draft: &Draft,
) -> Result<(), ChangeError> {
    let collection = parent.collection().ok_or_else(|| ChangeError::NoMapping { step: step.to_owned() })?;
    if parent.alias {
        return Err(ChangeError::WithinAlias { step: step.to_owned() });
    }
    let list = is_list(parent);
    if list && step != "-" && index(step) != Some(collection.entries().count()) {
        return Err(ChangeError::NoItem { step: step.to_owned() });
    }
    let key = (!list).then_some(step);
    match format {
        Format::Yaml if collection.flow && collection.entries().next().is_none() && std::ptr::eq(parent, &part.root) => {
            let root = Draft::Mapping(vec![(step.to_owned(), wrapped(draft, &[]))]);
            splices.put(parent.place.clone(), yaml::emit::block(&root, 0)?);
            Ok(())
        }
        Format::Yaml => yaml::change::add(text, splices, parent, key, draft, part.end),
        Format::Json | Format::Binary => {
            let (at, comma) = flow::addition(text, collection, parent.place.start);
            let name = key.map(|key| format!("{}: ", json::emit::quoted(key))).unwrap_or_default();
            splices.put(at..at, format!("{comma}{name}{}", draft.json()?));
            Ok(())
        }
        Format::Dotenv => {
            let Draft::Scalar(scalar) = draft else { return Err(ChangeError::OneText) };
            dotenv::check_name(step)?;
            splices.put(text.len()..text.len(), format!("{}{step}={}\n", newline(text), dotenv::value(scalar)?));
            Ok(())
        }
        Format::Ini => add_ini(text, splices, part, parent, step, draft),
    }
}

fn add_ini(text: &str, splices: &mut Splices, part: &Part, parent: &Node, step: &str, draft: &Draft) -> Result<(), ChangeError> {
    ini::check_name(step)?;
    match draft {
        // A new section with its value.
        Draft::Mapping(members) if std::ptr::eq(parent, &part.root) => {
            let mut lines = format!("{}\n[{step}]\n", newline(text));
            for (name, value) in members {
                let Draft::Scalar(scalar) = value else { return Err(ChangeError::OneText) };
                ini::check_name(name)?;
                lines.push_str(&format!("{name} = {}\n", ini::value(scalar)?));
            }
            splices.put(text.len()..text.len(), lines);
            Ok(())
        }
        Draft::Scalar(scalar) if !std::ptr::eq(parent, &part.root) => {
            let last = parent.collection().and_then(|collection| collection.entries().last());
            let at = line_end(text, last.map_or(parent.place.start, |entry| entry.node.place.end));
            splices.put(at..at, format!("\n{step} = {}", ini::value(scalar)?));
            Ok(())
        }
        _ => Err(ChangeError::IniPointer),
    }
}

fn newline(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with('\n') { "" } else { "\n" }
}
