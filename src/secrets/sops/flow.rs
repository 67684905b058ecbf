//! Members in braces or brackets, in JSON and in YAML, separated by commas.

use super::tree::Collection;
use std::ops::Range;

/// The range to cut to remove the member at this place, with its comma.
pub(super) fn removal(collection: &Collection, member: &Range<usize>) -> Range<usize> {
    let next = collection.entries().find(|entry| entry.start >= member.end);
    let before = collection.entries().rev().find(|entry| entry.node.place.end <= member.start);
    match (before, next) {
        (Some(before), _) => before.node.place.end..member.end,
        (None, Some(next)) => member.start..next.start,
        (None, None) => member.clone(),
    }
}

/// Where a new member goes and the text before it: a comma, and the same space as between the present members.
pub(super) fn addition(text: &str, collection: &Collection, open: usize) -> (usize, String) {
    let mut entries = collection.entries().rev();
    match (entries.next(), entries.next()) {
        (None, _) => (open + 1, String::new()),
        (Some(last), before) => {
            let gap = before.map_or(open + 1, |before| before.node.place.end)..last.start;
            let space: String = text[gap].chars().filter(|letter| letter.is_whitespace()).collect();
            (last.node.place.end, format!(",{space}"))
        }
    }
}
