//! Proposes ids for names that a policy matches without one: a patch that writes the id that each name was seen with.
//!
//! A name can change hands and an id cannot. Only positive lines are read: a denial by name is wider than one by id, and stays.

mod patch;
mod search;

use super::{Catalogue, Tree};
use crate::identity::{Attribute, Facts, Mapping, Value};
use crate::words::UnixTime;
use crate::words::names::IssuerName;
use crate::words::yaml::Place;
use serde::Serialize;
use std::collections::BTreeMap;

/// The ids that each name was seen with, and when last.
#[derive(Debug, Default)]
pub struct Sightings(BTreeMap<(IssuerName, Attribute, String), BTreeMap<String, UnixTime>>);

/// The proposal.
#[derive(Debug, Serialize)]
pub struct Lock {
    /// A unified diff, as `git apply` takes it; empty when nothing can be pinned.
    pub patch: String,
    /// Every name without an id.
    pub names: Vec<NameFound>,
}

/// A name without an id, and what becomes of it.
#[derive(Debug, Serialize)]
pub struct NameFound {
    /// File and line.
    pub at: String,
    /// The attribute that the name is for.
    pub attribute: &'static str,
    /// The name.
    pub name: String,
    /// The ids that it was seen with, the newest first.
    pub ids: Vec<SeenId>,
    /// What becomes of it.
    pub outcome: LockOutcome,
}

/// An id, and when it was last seen with the name.
#[derive(Debug, Serialize)]
pub struct SeenId {
    /// The id.
    pub id: String,
    /// When it was last seen.
    pub last_at: String,
}

/// What becomes of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LockOutcome {
    /// One id was seen: the patch writes it.
    Pinned,
    /// No token with this name and an id was seen.
    Unseen,
    /// Several ids were seen: the name changed hands, and a person has to say whose it is.
    Contested,
    /// One id was seen, and it cannot be written there: behind an alias, or in a column of rows that is used for more
    /// than names.
    Unwritable,
}

impl Sightings {
    /// Remembers what a verified token showed.
    pub fn add(&mut self, facts: &Facts, mapping: &Mapping, at: UnixTime) {
        for (attribute, value) in &facts.attributes {
            let Value::Named { name, id: Some(id) } = value else { continue };
            let ids = self.0.entry((facts.issuer.clone(), *attribute, folded(name, *attribute, mapping))).or_default();
            let last = ids.entry(id.clone()).or_insert(at);
            *last = at.max(*last);
        }
    }
}

/// The name in lower case if the CI ignores case: then all spellings have one id.
fn folded(name: &str, attribute: Attribute, mapping: &Mapping) -> String {
    if mapping.ignores_case(attribute) { name.to_ascii_lowercase() } else { name.to_owned() }
}

/// Proposes ids for the names of every policy.
pub fn lock(tree: &Tree, catalogue: &Catalogue, sightings: &Sightings) -> Lock {
    let (mut names, mut edits) = (Vec::new(), BTreeMap::<String, Vec<patch::Edit>>::new());
    for unpinned in search::unpinned(tree, catalogue) {
        let ids = unpinned.ids(sightings);
        let outcome = match &ids[..] {
            [] => LockOutcome::Unseen,
            [one] => unpinned.edit(tree, &one.id, &mut edits),
            _ => LockOutcome::Contested,
        };
        let at = format!("{}:{}", unpinned.file, unpinned.place.line);
        names.push(NameFound { at, attribute: unpinned.attribute.as_str(), name: unpinned.name, ids, outcome });
    }
    let patch = edits.iter().filter_map(|(file, edits)| Some(patch::unified(file, text_of(tree, file)?, edits))).collect();
    Lock { patch, names }
}

fn text_of<'a>(tree: &'a Tree, file: &str) -> Option<&'a str> {
    std::str::from_utf8(tree.get(file)?).ok()
}

/// A name without an id, where it stands.
#[derive(Clone)]
struct Unpinned<'a> {
    file: String,
    place: Place,
    /// The column, if it stands in a file of rows.
    column: Option<String>,
    writable: bool,
    issuer: IssuerName,
    mapping: &'a Mapping,
    attribute: Attribute,
    name: String,
}

impl Unpinned<'_> {
    fn ids(&self, sightings: &Sightings) -> Vec<SeenId> {
        let key = (self.issuer.clone(), self.attribute, folded(&self.name, self.attribute, self.mapping));
        let mut ids: Vec<(&String, &UnixTime)> = sightings.0.get(&key).into_iter().flatten().collect();
        ids.sort_by_key(|(_, at)| std::cmp::Reverse(**at));
        ids.into_iter().map(|(id, at)| SeenId { id: id.clone(), last_at: at.to_string() }).collect()
    }

    fn edit(&self, tree: &Tree, id: &str, edits: &mut BTreeMap<String, Vec<patch::Edit>>) -> LockOutcome {
        let text = text_of(tree, &self.file).filter(|_| self.writable);
        match text.and_then(|text| patch::Edit::pinning(text, self.place, &self.name, id)) {
            Some(edit) => {
                edits.entry(self.file.clone()).or_default().push(edit);
                LockOutcome::Pinned
            }
            None => LockOutcome::Unwritable,
        }
    }
}

#[cfg(test)]
mod tests;
