//! Changes the text of a plaintext YAML document.

use super::emit;
use crate::secrets::sops::draft::Draft;
use crate::secrets::sops::error::{ChangeError, ValueError};
use crate::secrets::sops::flow;
use crate::secrets::sops::splice::{Splices, line_end, line_start, next_line};
use crate::secrets::sops::tree::{Collection, Entry, Node};
use std::ops::Range;

/// The range to cut to remove the entry from the collection `within`.
pub(in crate::secrets::sops) fn removal(text: &str, within: &Collection, entry: &Entry) -> Range<usize> {
    let place = entry.start..entry.node.place.end;
    if within.flow {
        return flow::removal(within, &place);
    }
    let line = line_start(text, place.start);
    if text[line..place.start].trim().is_empty() {
        return line..next_line(text, place.end);
    }
    // The line starts with the dash of an outer item, which the next entry takes over.
    let next = within.entries().find(|other| other.start >= place.end);
    place.start..next.map_or(line_end(text, place.end), |next| next.start)
}

/// Removes the entry. If it is the last one, an empty collection is left.
pub(in crate::secrets::sops) fn remove(
    text: &str,
    splices: &mut Splices,
    parent: &Node,
    at: &Entry,
    root: bool,
) -> Result<(), ChangeError> {
    let Some(within) = parent.collection() else { return Err(ChangeError::NothingToRemove) };
    if within.entries().count() > 1 || within.flow {
        splices.cut(removal(text, within, at));
    } else if root {
        splices.put(at.start..at.node.place.end, "{}".to_owned());
    } else {
        let empty = if parent.member(&at.key).is_some() && !at.key.is_empty() { "{}" } else { "[]" };
        splices.put(gap(text, parent.place.start)..parent.place.end, format!(" {empty}"));
    }
    Ok(())
}

/// Replaces a node with the draft.
pub(in crate::secrets::sops) fn replace(
    text: &str,
    splices: &mut Splices,
    node: &Node,
    column: usize,
    flow: bool,
    draft: &Draft,
) -> Result<(), ValueError> {
    if let (Some(leaf), Draft::Scalar(_) | Draft::Null, false) = (node.leaf(), draft, node.alias) {
        let free = leaf.spot.lines.is_some() || text[leaf.spot.place.end..line_end(text, leaf.spot.place.end)].trim().is_empty();
        let behind = emit::behind(draft, column, flow, free)?;
        splices.put(leaf.spot.place.clone(), if leaf.spot.absent { behind } else { behind.trim_start().to_owned() });
        if let Some(lines) = &leaf.spot.lines {
            splices.cut(lines.clone());
        }
        return Ok(());
    }
    let start = match node.leaf() {
        Some(leaf) if leaf.spot.absent => leaf.spot.place.start,
        _ => gap(text, node.place.start),
    };
    splices.put(start..node.place.end.max(start), emit::behind(draft, column, flow, true)?);
    Ok(())
}

/// Adds an entry after the last one.
pub(in crate::secrets::sops) fn add(
    text: &str,
    splices: &mut Splices,
    parent: &Node,
    key: Option<&str>,
    draft: &Draft,
    end: usize,
) -> Result<(), ChangeError> {
    let Some(within) = parent.collection() else { return Err(ChangeError::NothingToAddTo) };
    if within.flow {
        let (at, comma) = flow::addition(text, within, parent.place.start);
        let name = key.map(|key| format!("{}: ", crate::secrets::sops::json::emit::quoted(key))).unwrap_or_default();
        splices.put(at..at, format!("{comma}{name}{}", draft.json()?));
        return Ok(());
    }
    let column = within.column;
    let lines = match key {
        Some(key) => format!("{}{}:{}", " ".repeat(column), emit::key(key), emit::behind(draft, column, false, true)?),
        None => match draft {
            Draft::Mapping(members) if !members.is_empty() => {
                format!("{}- {}", " ".repeat(column), emit::block(draft, column + 2)?.trim_start())
            }
            _ => format!("{}-{}", " ".repeat(column), emit::behind(draft, column, false, true)?),
        },
    };
    let at = within.entries().last().map_or(end, |last| line_end(text, last.node.place.end));
    let before = if text[..at].is_empty() || text[..at].ends_with('\n') { "" } else { "\n" };
    let after = if text[at..].is_empty() || (before.is_empty() && !text[at..].starts_with('\n')) { "\n" } else { "" };
    splices.put(at..at, format!("{before}{lines}{after}"));
    Ok(())
}

/// The place after the colon or the dash before a value, if only white space is between them.
fn gap(text: &str, start: usize) -> usize {
    let written = text[..start].trim_end().len();
    if text[..written].ends_with([':', '-']) { written } else { start }
}
