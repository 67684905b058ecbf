//! Finds the names without ids in policies and their rows.

use super::{Unpinned, text_of};
use crate::identity::{Attribute, Mapping};
use crate::policy::reading::is_policy;
use crate::policy::{Catalogue, Tree};
use crate::words::names::IssuerName;
use crate::words::yaml::{Node, Place, Yaml};
use std::collections::{BTreeMap, BTreeSet};

/// The names of all policies. Each place counts once, even if several policies take their rows from one file.
pub(super) fn unpinned<'a>(tree: &Tree, catalogue: &'a Catalogue) -> impl Iterator<Item = Unpinned<'a>> {
    let mut search = Search { tree, names: BTreeMap::new(), used_for_more: BTreeSet::new() };
    for file in tree.keys().filter(|file| is_policy(file)) {
        search.policy(file, catalogue);
    }
    let Search { names, used_for_more, .. } = search;
    names.into_values().map(move |mut name| {
        let column = name.column.as_ref().map(|column| (name.file.clone(), column.clone()));
        name.writable = !column.is_some_and(|column| used_for_more.contains(&column));
        name
    })
}

struct Search<'t, 'a> {
    tree: &'t Tree,
    names: BTreeMap<(String, Place), Unpinned<'a>>,
    /// Columns of rows that are used for more than names.
    used_for_more: BTreeSet<(String, String)>,
}

/// One policy file.
struct Policy<'n, 'a> {
    file: &'n str,
    text: &'n str,
    issuer: IssuerName,
    mapping: &'a Mapping,
    rows: Option<&'n str>,
}

impl<'a> Search<'_, 'a> {
    /// Adds the names of a policy. A file that cannot be read has none.
    fn policy(&mut self, file: &str, catalogue: &'a Catalogue) -> Option<()> {
        let text = text_of(self.tree, file)?;
        let node = Node::parse(file, text.as_bytes()).ok()?;
        let issuer = IssuerName::parse(member(&node, "issuer")?.as_text()?).ok()?;
        let mapping = &*catalogue.issuer(&issuer)?.mapping;
        let policy = Policy { file, text, issuer, mapping, rows: member(&node, "for_each").and_then(Node::as_text) };
        let mut columns: Vec<&str> = Vec::new();
        for (key, _, node) in member(&node, "match").map(members).unwrap_or_default() {
            let Some(attribute) = Attribute::parse(key).filter(|attribute| mapping.has_id(*attribute)) else { continue };
            for (place, text) in texts(node) {
                columns.extend(self.name(&policy, attribute, place, text));
            }
        }
        self.used_for_more.extend(policy.used_for_more(&columns));
        Some(())
    }

    /// Adds the name. If it is a placeholder, adds the names of the rows instead, and returns their column.
    fn name<'n>(&mut self, policy: &Policy<'n, 'a>, attribute: Attribute, place: Place, text: &'n str) -> Option<&'n str> {
        let (Some(rows), Some(column)) = (policy.rows, column(text)) else {
            self.take(policy, policy.file, None, attribute, (place, text));
            return None;
        };
        for (place, value) in values(self.tree, rows, column) {
            self.take(policy, rows, Some(column), attribute, (place, &value));
        }
        Some(column)
    }

    fn take(
        &mut self,
        policy: &Policy<'_, 'a>,
        file: &str,
        column: Option<&str>,
        attribute: Attribute,
        (place, name): (Place, &str),
    ) {
        if name.contains(['@', '*', '{']) {
            return;
        }
        let found = Unpinned {
            file: file.to_owned(),
            place,
            column: column.map(str::to_owned),
            writable: true,
            issuer: policy.issuer.clone(),
            mapping: policy.mapping,
            attribute,
            name: name.to_owned(),
        };
        let known = self.names.entry((file.to_owned(), place)).or_insert_with(|| found.clone());
        if (&known.issuer, known.attribute) != (&found.issuer, found.attribute) {
            // The row is used for two issuers or two attributes: an id for one is no id for the other.
            self.used_for_more.extend(found.column.map(|column| (found.file, column)));
        }
    }
}

impl Policy<'_, '_> {
    /// The columns that are used elsewhere than as a name. A comment counts too.
    fn used_for_more(&self, names: &[&str]) -> Vec<(String, String)> {
        let count = |column: &str| self.text.matches(&format!("{{each.{column}}}")).count();
        let named = |column: &str| names.iter().filter(|known| **known == column).count();
        let mentioned = self.text.split("{each.").skip(1).filter_map(|rest| rest.split_once('}').map(|(column, _)| column));
        let more = mentioned.filter(|column| count(column) > named(column));
        more.filter_map(|column| Some((self.rows?.to_owned(), column.to_owned()))).collect()
    }
}

/// The column, if a text is its placeholder and nothing else.
fn column(text: &str) -> Option<&str> {
    text.strip_prefix("{each.")?.strip_suffix('}')
}

/// The values of one column of a file of rows, with their places.
fn values(tree: &Tree, file: &str, column: &str) -> Vec<(Place, String)> {
    let Some(Ok(rows)) = tree.get(file).map(|bytes| Node::parse(file, bytes)) else { return Vec::new() };
    let Yaml::List(rows) = &rows.value else { return Vec::new() };
    let cells = rows.iter().filter_map(|row| member(row, column));
    cells.filter_map(|node| Some((node.place, node.as_text()?.to_owned()))).collect()
}

/// One text or a list of them; `not: …` is neither.
fn texts(node: &Node) -> impl Iterator<Item = (Place, &str)> {
    let nodes = match &node.value {
        Yaml::List(items) => items,
        _ => std::slice::from_ref(node),
    };
    nodes.iter().filter_map(|node| Some((node.place, node.as_text()?)))
}

fn members(node: &Node) -> &[(String, Place, Node)] {
    match &node.value {
        Yaml::Mapping(members) => members,
        _ => &[],
    }
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    members(node).iter().find(|(key, ..)| key == name).map(|(_, _, node)| node)
}
