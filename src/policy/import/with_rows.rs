//! Makes one policy with rows of imported policies that are equal but for the repositories that hold their originals.

use super::row_form::RowForm;
use super::settings::{Imported, ImportedRows};
use crate::policy::rows::ROWS_MAX;
use crate::words::github::RepositoryId;
use crate::words::yaml::YAML_BYTES_MAX;
use std::collections::{BTreeMap, BTreeSet};

/// Joins equal policies that [`apart`](super::apart()) kept. `is_there` says which files exist already: a policy whose own file exists was imported before, perhaps changed
/// since, and is left alone.
///
/// An account has one policy with rows for each identity, because clients of octo-sts find it by these two names. So where two groups of
/// policies are equal, the larger one becomes rows.
pub fn with_rows(imported: Vec<Imported>, is_there: impl Fn(&str) -> bool) -> Vec<Imported> {
    let mut paths = Paths::of(&imported);
    let groups = groups(&imported, is_there);
    let mut kept: Vec<Option<Imported>> = imported.into_iter().map(Some).collect();
    for group in groups {
        let members: Vec<&Imported> = group.iter().filter_map(|number| kept[*number].as_ref()).collect();
        let Some(policy) = join(&members).filter(|policy| paths.take(policy)) else { continue };
        let mut numbers = group.into_iter();
        if let Some(first) = numbers.next() {
            kept[first] = Some(policy);
        }
        numbers.for_each(|number| kept[number] = None);
    }
    kept.into_iter().flatten().collect()
}

/// The policies that become one, by their numbers: for each account and identity the most that are equal.
fn groups(imported: &[Imported], is_there: impl Fn(&str) -> bool) -> Vec<Vec<usize>> {
    let forms = || imported.iter().enumerate().filter_map(|(number, one)| Some((number, one.row_form.as_ref()?)));
    // Two originals of one repository: it was renamed, or there are two checkouts of it. Nobody knows which of them counts.
    let mut originals: BTreeMap<(&str, RepositoryId), usize> = BTreeMap::new();
    forms().for_each(|(_, form)| *originals.entry((form.file.as_str(), form.id)).or_default() += 1);
    let mut equal: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (number, form) in forms() {
        if originals[&(form.file.as_str(), form.id)] == 1 && !is_there(&imported[number].file) {
            equal.entry((form.file.as_str(), form.yaml.as_str())).or_default().push(number);
        }
    }
    let mut largest: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for ((file, _), mut members) in equal {
        cut(&mut members, imported);
        let known = largest.entry(file).or_default();
        // Of groups of one size the first counts, so that the result is the same in each run.
        if (members.len(), known.first()) > (known.len(), members.first()) {
            *known = members;
        }
    }
    largest.into_values().filter(|members| members.len() > 1).collect()
}

/// Leaves as many as a file of rows can have.
fn cut(members: &mut Vec<usize>, imported: &[Imported]) {
    let mut bytes = 0;
    let line = |number: &usize| imported[*number].row_form.as_ref().map_or(0, |form| form.line().len());
    let fits = |number: &&usize| {
        bytes += line(number);
        bytes <= YAML_BYTES_MAX
    };
    let fitting = members.iter().take(ROWS_MAX).take_while(fits).count();
    members.truncate(fitting);
}

/// The policy that stands for all of these; `None` if its file would be too large.
fn join(members: &[&Imported]) -> Option<Imported> {
    let forms: Vec<&RowForm> = members.iter().filter_map(|one| one.row_form.as_ref()).collect();
    let first = forms.first()?;
    let (mut notes, mut known) = (Vec::new(), BTreeSet::new());
    for note in forms.iter().flat_map(|form| &form.notes) {
        notes.extend(known.insert(note).then(|| note.clone()));
    }
    let rows = ImportedRows { file: first.rows.clone(), yaml: forms.iter().map(|form| form.line()).collect() };
    let originals = members.iter().flat_map(|one| one.originals.clone()).collect();
    let (file, yaml) = (first.file.clone(), first.yaml.clone());
    let issuer = members.first()?.issuer.clone();
    let policy = Imported { file, yaml, notes, originals, rows: Some(rows), issuer, row_form: None };
    (policy.text().len() <= YAML_BYTES_MAX).then_some(policy)
}

/// Paths in use, and the folders above them. Some file systems ignore case.
struct Paths(BTreeSet<String>);

impl Paths {
    fn of(imported: &[Imported]) -> Self {
        let mut paths = Self(BTreeSet::new());
        imported.iter().for_each(|one| paths.add(&one.file));
        paths
    }

    /// Takes the paths of a policy with rows, if all of them are free.
    fn take(&mut self, policy: &Imported) -> bool {
        let files = || std::iter::once(&policy.file).chain(policy.rows.as_ref().map(|rows| &rows.file));
        let are_free = files().all(|file| !self.0.contains(&file.to_ascii_lowercase()));
        if are_free {
            files().for_each(|file| self.add(file));
        }
        are_free
    }

    fn add(&mut self, file: &str) {
        let folded = file.to_ascii_lowercase();
        let folders = folded.match_indices('/').map(|(end, _)| folded[..end].to_owned());
        self.0.extend(folders.chain([folded.clone()]).collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests;
