//! The rows of a `for_each` file: a list of mappings from names to texts, in a file of the repository.

use super::catalogue::Tree;
use super::template::Row;
use crate::words::yaml::{self, Fault, Fields, Node, Place, Yaml};

/// The most rows of one `for_each` file. A longer one is generated and can be split.
pub(super) const ROWS_MAX: usize = 10_000;

/// Reads the rows. A fault of theirs is told where the policy names the file, with its place in the file.
pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, tree: &Tree) -> Option<Vec<Row>> {
    let path = fields.text(node)?;
    let Some(bytes) = tree.get(path) else {
        fields.fault(node.place, format!("the repository has no file `{path}`"));
        return None;
    };
    match yaml::read::<Option<Vec<Row>>>(path, bytes) {
        Ok(rows) if rows.as_ref().is_none_or(|rows| rows.len() <= ROWS_MAX) => return Some(rows.unwrap_or_default()),
        Ok(_) => fields.fault(node.place, format!("`{path}` has more than {ROWS_MAX} rows")),
        Err(fault) => {
            let Fault { place, message, .. } = fault;
            let (place, message) = misfit(path, bytes).unwrap_or((place, message.into()));
            fields.fault(node.place, format!("`{path}`, line {}: {message}", place.line));
        }
    }
    None
}

/// The first thing that is no part of a list of rows, and what belongs there.
fn misfit(path: &str, bytes: &[u8]) -> Option<(Place, String)> {
    let document = Node::parse(path, bytes).ok()?;
    let Yaml::List(rows) = &document.value else {
        let message = format!("expected a list of rows, such as `- {{ name: web }}`, found {}", document.kind());
        return Some((document.place, message));
    };
    rows.iter().find_map(|row| {
        let Yaml::Mapping(columns) = &row.value else {
            return Some((row.place, format!("expected a row, such as `- {{ name: web }}`, found {}", row.kind())));
        };
        let no_text = |node: &Node| matches!(node.value, Yaml::Null | Yaml::List(_) | Yaml::Mapping(_));
        let (name, _, node) = columns.iter().find(|(_, _, node)| no_text(node))?;
        Some((node.place, format!("`{name}`: a column of a row is text, found {}", node.kind())))
    })
}
