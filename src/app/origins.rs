//! The origins of the wrapped keys of a source's files: its own commits, and what the store keeps of every source.

use super::App;
use super::error::FollowError;
use super::revision::Revision;
use super::tracked_source::TrackedSource;
use crate::git::Snapshot;
use crate::policy::Widening;
use crate::secrets::{SourceFile, changed_keys, widened, wrapped_keys};
use crate::store::{HighWaterMarks, WrappedKey};
use crate::words::names::{CommitId, SecretPath};
use crate::words::{Denial, Digest, WidenedFile};
use std::collections::BTreeSet;
use tokio::runtime::Handle;

impl App {
    /// The wrapped keys of each form that files had in commits that were not searched yet. A ciphertext that was never in force
    /// may hold a valid password too.
    pub(super) fn search(
        &self,
        source: &TrackedSource,
        commit: &CommitId,
        marks: &HighWaterMarks,
    ) -> Result<Vec<WrappedKey>, FollowError> {
        if marks.searched.as_ref() == Some(commit) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut take = |file: &str, bytes: &[u8]| {
            let keys = wrapped_keys(file, bytes).into_iter();
            found.extend(keys.map(|key| WrappedKey { key, file: file.to_owned(), in_force: false }));
        };
        if !source.source().each_form(commit, marks.searched.as_ref(), &mut take)? {
            tracing::warn!(source = %source.name, "the history is too long: a copy of a file of older commits is not recognized");
        }
        if source.source().is_shallow()? {
            tracing::warn!(source = %source.name, "the clone is shallow: a copy of a file of older commits is not recognized");
        }
        Ok(found)
    }

    /// The encrypted files and rules of the next commit that widen access. It blocks on the store, so it runs on a blocking thread.
    pub(super) fn widened(
        &self,
        source: &TrackedSource,
        before: &Revision,
        snapshot: &Snapshot,
        searched: &[WrappedKey],
    ) -> Result<Vec<WidenedFile>, FollowError> {
        let in_force = before.in_force();
        let changed = changed_keys(&in_force, &snapshot.files);
        let keys: BTreeSet<Digest> = changed.values().flatten().copied().collect();
        let kept = self.store.origins(keys.iter().copied().collect());
        let mut origins = Handle::current().block_on(kept)?;
        for one in searched.iter().filter(|one| keys.contains(&one.key)) {
            let place = SourceFile { source: source.name.clone(), file: one.file.clone() };
            origins.add(one.key, place, one.in_force);
        }
        Ok(widened(&source.name, &in_force, &snapshot.files, &changed, &mut origins))
    }

    /// Whether an old form of a secret belongs to its path. If widening waits, an unconfirmed copy gives no access to old values.
    pub(super) async fn belongs(&self, source: &TrackedSource, path: &SecretPath, bytes: &[u8]) -> Result<bool, Denial> {
        if self.widening != Widening::Waits {
            return Ok(true);
        }
        let file = format!("secrets/{path}");
        let keys = wrapped_keys(&file, bytes);
        let origins = self.store.origins(keys.clone()).await?;
        Ok(origins.elsewhere(&SourceFile { source: source.name.clone(), file }, &keys).is_empty())
    }
}

/// The wrapped keys that come into force with the next revision, each at its path.
pub(super) fn placed(before: &Revision, next: &Revision) -> impl Iterator<Item = WrappedKey> {
    let changed = changed_keys(&before.in_force(), &next.in_force()).into_iter();
    changed.flat_map(|(file, keys)| keys.into_iter().map(move |key| WrappedKey { key, file: file.clone(), in_force: true }))
}
