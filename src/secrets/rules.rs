//! Every `.sops.yaml` of a repository. The nearest one above a file names the file's recipients.

use super::{Creation, CreationError, Creations, RULES_FILE};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rule files, by their folder with a slash at its end. The root is the empty text.
pub struct Rules<'a>(BTreeMap<&'a str, File<'a>>);

/// The bytes of a rule file, and its rules.
type File<'a> = (&'a Arc<[u8]>, Result<Creations, CreationError>);

/// Why the rules above a file do not say how to encrypt it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{folder}{fault}")]
pub struct RulesError {
    folder: String,
    #[source]
    fault: CreationError,
}

/// Whether a file of this path holds rules.
pub fn is_rules_file(path: &str) -> bool {
    folder_of(path).is_some()
}

fn folder_of(path: &str) -> Option<&str> {
    path.strip_suffix(RULES_FILE).filter(|folder| folder.is_empty() || folder.ends_with('/'))
}

impl<'a> Rules<'a> {
    /// The rule files among these files.
    pub fn among(files: impl IntoIterator<Item = (&'a String, &'a Arc<[u8]>)>) -> Self {
        let rules = files.into_iter().filter_map(|(path, bytes)| Some((folder_of(path)?, (bytes, Creations::parse(bytes)))));
        Self(rules.collect())
    }

    /// How a file is encrypted; `None` if there is no rule file above it.
    pub fn for_file(&self, path: &str) -> Option<Result<&Creation, RulesError>> {
        let (folder, rules) = self.nearest(path)?;
        let rule = rules.as_ref().map_err(Clone::clone).and_then(|rules| rules.for_path(&path[folder.len()..]));
        Some(rule.map_err(|fault| RulesError { folder: folder.to_owned(), fault }))
    }

    fn nearest<'p>(&self, path: &'p str) -> Option<(&'p str, &Result<Creations, CreationError>)> {
        let mut folders = path.rmatch_indices('/').map(|(end, _)| &path[..=end]).chain([""]);
        folders.find_map(|folder| Some((folder, &self.0.get(folder)?.1)))
    }

    /// The settings by which these rules may leave more in clear than those of `other`, in files that do not exist yet. Where a rule file
    /// was removed, the one above it applies.
    pub(super) fn looser(&self, other: &Self) -> impl Iterator<Item = String> {
        let changed = self.files_beyond(other).map(|(folder, rules)| (rules, other.0.get(folder)));
        let removed = other.0.keys().filter(|folder| !self.0.contains_key(*folder));
        let above = removed.filter_map(|folder| Some((self.nearest(folder)?.1, None)));
        let settings = |(rules, before): (&Result<Creations, CreationError>, Option<&File<'_>>)| {
            let before = before.and_then(|(_, before)| before.as_ref().ok());
            rules.as_ref().map(|rules| rules.looser(before)).unwrap_or_default()
        };
        changed.chain(above).flat_map(settings)
    }

    /// Every recipient that any rule names.
    pub(super) fn named(&self) -> impl Iterator<Item = &String> {
        self.0.values().filter_map(|(_, rules)| rules.as_ref().ok()).flat_map(Creations::named)
    }

    /// Rules that cannot be read and that `other` lacks or has in another version: the file, and the reason.
    pub(super) fn unread(&self, other: &Self) -> impl Iterator<Item = (String, String)> {
        self.files_beyond(other).flat_map(|(folder, rules)| {
            let faults: Vec<&CreationError> = rules.as_ref().map_or_else(|fault| vec![fault], |rules| rules.unread().collect());
            faults.into_iter().map(move |fault| (format!("{folder}{RULES_FILE}"), format!("{folder}{fault}")))
        })
    }

    /// The rule files that differ between the two, including those that only one of them has.
    pub(super) fn changed(&self, other: &Self) -> Vec<String> {
        let removed = other.0.keys().filter(|folder| !self.0.contains_key(*folder)).copied();
        let changed = self.files_beyond(other).map(|(folder, _)| folder).chain(removed);
        changed.map(|folder| format!("{folder}{RULES_FILE}")).collect()
    }

    fn files_beyond(&self, other: &Self) -> impl Iterator<Item = (&'a str, &Result<Creations, CreationError>)> {
        let same = |folder: &str, bytes: &Arc<[u8]>| other.0.get(folder).is_some_and(|(their_bytes, _)| *their_bytes == bytes);
        let beyond = self.0.iter().filter(move |(folder, (bytes, _))| !same(folder, bytes));
        beyond.map(|(folder, (_, rules))| (*folder, rules))
    }
}
