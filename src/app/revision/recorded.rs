//! What was in force before a restart: read again from Git, with the commits that the store records for each file.

use super::forms::{is_encrypted, source_of};
use super::{Defined, ReadContext, Revision};
use crate::app::error::UnreadForm;
use crate::config::FurtherSource;
use crate::git::{GitError, Snapshot, Source};
use crate::policy::{Catalogue, GUARDRAILS_FILE, Guardrails, Ruleset, Tree, Widening, is_policy, read_policy};
use crate::words::Forms;
use crate::words::names::{CommitId, SourceName};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The root source's policies and guardrails as the server has them in force, or had them when it stopped.
pub fn recorded_policies(
    source: &Source,
    commit: &CommitId,
    forms: &Forms,
    catalogue: &Catalogue,
) -> Result<Ruleset, UnreadForm> {
    let recorded = Recorded::read(source, commit, forms)?;
    let guardrails = recorded.guardrails(catalogue)?;
    Ok(recorded.ruleset(catalogue, guardrails))
}

/// The commits with the forms that were in force.
pub(in crate::app) struct Recorded {
    snapshot: Snapshot,
    forms: Forms,
    others: BTreeMap<CommitId, Snapshot>,
}

impl Recorded {
    /// Reads the commits.
    pub(in crate::app) fn read(source: &Source, commit: &CommitId, forms: &Forms) -> Result<Self, GitError> {
        let snapshot = source.read_at(commit, &Snapshot::default())?;
        let other = |commit: &CommitId| Ok((commit.clone(), source.read_at(commit, &snapshot)?));
        let others = forms.commits().into_iter().filter(|other| *other != commit).map(other).collect::<Result<_, GitError>>()?;
        Ok(Self { snapshot, forms: forms.clone(), others })
    }

    /// Rebuilds what was in force. A form that does not load any more is not in force. If it is a form of the guardrails, nothing
    /// is in force.
    pub(in crate::app) fn revision(self, reading: &ReadContext<'_>) -> Result<Revision, UnreadForm> {
        let guardrails = if reading.bounds.is_some() { Vec::new() } else { self.guardrails(reading.catalogue)? };
        let ruleset = self.ruleset(reading.catalogue, guardrails);
        let sources = if reading.bounds.is_none() { self.sources(reading) } else { BTreeMap::new() };
        let mut encrypted = self.snapshot.clone();
        encrypted.files = self.encrypted();
        let all = ReadContext { widening: Widening::GoesLive, widened: &[], ..*reading };
        let encrypted = Revision::default().next(encrypted, &all);
        Ok(Revision { snapshot: self.snapshot, forms: self.forms, ruleset, sources, ..encrypted })
    }

    fn ruleset(&self, catalogue: &Catalogue, guardrails: Vec<Arc<Guardrails>>) -> Ruleset {
        let policies = self.forms.iter().filter(|(file, _)| is_policy(file));
        let policies = policies.map(|(file, commits)| {
            let tree = commits.first().and_then(|commit| self.tree(commit));
            (file, tree.and_then(|tree| read_policy(file, tree, catalogue)))
        });
        Ruleset::recorded(&self.snapshot.files, catalogue, &policies.collect(), guardrails)
    }

    fn tree(&self, commit: &CommitId) -> Option<&Tree> {
        let own = Some(&self.snapshot).filter(|own| own.revision.as_ref() == Some(commit));
        own.or_else(|| self.others.get(commit)).map(|snapshot| &snapshot.files)
    }

    /// The commits whose forms of a file were in force.
    fn commits<'a>(&'a self, file: &str) -> &'a [CommitId] {
        self.forms.of(file).unwrap_or(self.snapshot.revision.as_slice())
    }

    fn guardrails(&self, catalogue: &Catalogue) -> Result<Vec<Arc<Guardrails>>, UnreadForm> {
        let read = |commit: &CommitId| {
            let read = self.tree(commit).map_or_else(|| Err(Vec::new()), |tree| Guardrails::of(tree, catalogue));
            read.map(Arc::new).map_err(|faults| UnreadForm::Guardrails { commit: commit.clone(), faults })
        };
        self.commits(GUARDRAILS_FILE).iter().map(read).collect()
    }

    /// The encrypted files, and the rules for encrypting them.
    fn encrypted(&self) -> Tree {
        let own = self.snapshot.files.keys().map(String::as_str);
        let files = own.chain(self.forms.iter().map(|(file, _)| file)).filter(|file| is_encrypted(file));
        let form = |file: &str| {
            let bytes = self.tree(self.commits(file).first()?)?.get(file)?;
            Some((file.to_owned(), bytes.clone()))
        };
        files.filter_map(form).collect()
    }

    fn sources(&self, reading: &ReadContext<'_>) -> BTreeMap<SourceName, Defined> {
        let files = self.snapshot.files.keys().filter_map(|file| Some((file, source_of(file)?)));
        files.filter_map(|(file, name)| Some((name, self.defined(file, reading)?))).collect()
    }

    /// A definition whose bounds are not all known is not in force.
    fn defined(&self, file: &str, reading: &ReadContext<'_>) -> Option<Defined> {
        let read = |commit: &CommitId| FurtherSource::parse(file, self.tree(commit)?, reading.files, reading.catalogue).ok();
        let read = self.commits(file).iter().map(|commit| read(commit).map(|(_, source)| source));
        let mut read = read.collect::<Option<Vec<FurtherSource>>>()?.into_iter();
        let first = Defined::of(Arc::new(read.next()?));
        let defined = read.fold(first, |defined, further| defined.narrowed(&further));
        Some(if self.forms.of(file).is_some() { defined.kept() } else { defined })
    }
}
