//! The commits of the forms in force: with them a revision is rebuilt after a restart, and records say which commit granted.

use super::Revision;
use crate::policy::GUARDRAILS_FILE;
use crate::secrets::is_rules_file;
use crate::words::names::{CommitId, SourceName};
use crate::words::{Forms, TransitFile};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Revision {
    /// The forms of this revision that are not its commit's own: forms kept from the revision before, and files without a form.
    pub(super) fn forms_since(&self, before: &Self) -> Forms {
        let mut forms = Forms::default();
        for (file, is_kept) in self.ruleset.other_forms() {
            forms.insert(file.to_owned(), before.commit_of(file).filter(|_| is_kept).cloned().into_iter().collect());
        }
        self.note_encrypted(before, &mut forms);
        let known = (before.ruleset.guardrail_forms(), self.ruleset.guardrail_forms());
        self.note_together(GUARDRAILS_FILE, before, known, &mut forms);
        for file in self.snapshot.files.keys().filter_map(|file| Some((file, source_of(file)?))) {
            let (file, name) = file;
            match self.sources.get(&name) {
                Some(defined) if defined.is_own => {}
                Some(defined) => {
                    let old = before.sources.get(&name).map(|old| old.bounds.as_slice()).unwrap_or_default();
                    self.note_together(file, before, (old, &defined.bounds), &mut forms);
                }
                None => forms.insert(file.clone(), Vec::new()),
            }
        }
        forms
    }

    /// Notes encrypted files and the rules for encrypting them. Their bytes are their forms.
    fn note_encrypted(&self, before: &Self, forms: &mut Forms) {
        let in_force = self.in_force();
        let own = self.snapshot.files.keys().filter(|file| is_encrypted(file)).map(String::as_str);
        let files: BTreeSet<&str> = own.chain(in_force.keys().map(String::as_str)).collect();
        for file in files {
            let form = in_force.get(file);
            if form != self.snapshot.files.get(file) {
                forms.insert(file.to_owned(), before.commit_of(file).filter(|_| form.is_some()).cloned().into_iter().collect());
            }
        }
    }

    /// Notes forms that apply together. A form of the revision before keeps its commit; any other one is of this commit.
    fn note_together<T>(&self, file: &str, before: &Self, (old, new): (&[Arc<T>], &[Arc<T>]), forms: &mut Forms) {
        let Some(own) = &self.commit else { return };
        let kept = before.commits_of(file);
        let commit_of = |form: &Arc<T>| {
            let at = old.iter().position(|old| Arc::ptr_eq(old, form));
            at.and_then(|at| kept.get(at)).unwrap_or(own).clone()
        };
        let commits: Vec<CommitId> = new.iter().map(commit_of).collect();
        if commits != [own.clone()] {
            forms.insert(file.to_owned(), commits);
        }
    }

    fn commits_of(&self, file: &str) -> &[CommitId] {
        self.forms.of(file).unwrap_or(self.commit.as_slice())
    }
}

/// Whether a file's bytes alone are its form, independent of other files.
pub(super) fn is_encrypted(file: &str) -> bool {
    file.starts_with("secrets/") || file.starts_with(TransitFile::FOLDER) || is_rules_file(file)
}

/// The further source that a file defines.
pub(super) fn source_of(file: &str) -> Option<SourceName> {
    SourceName::parse(file.strip_prefix("sources/")?.strip_suffix(".yaml")?).ok()
}
