//! When files last changed. Git is read on the first question, for all files of a revision in one walk.

use super::App;
use super::live::ActiveSource;
use crate::words::names::{SecretPath, SourceName, TransitKey};
use crate::words::{TransitFile, UnixTime};
use std::sync::Arc;
use std::time::Duration;

/// The time that is reported if the repository cannot be read.
const UNKNOWN: UnixTime = UnixTime::from_seconds(0);

impl App {
    /// When the document in force last changed.
    pub async fn changed_at(&self, path: &SecretPath) -> UnixTime {
        let live = self.live.load_full();
        let Some((in_force, within)) = live.place(path) else { return UNKNOWN };
        self.file_changed_at(in_force, &format!("secrets/{within}")).await
    }

    /// When this version of a transit key last changed.
    pub async fn transit_key_changed_at(&self, source: &SourceName, key: &TransitKey, version: u32) -> UnixTime {
        let live = self.live.load_full();
        let Ok((in_force, within)) = live.transit_key(source, key) else { return UNKNOWN };
        self.file_changed_at(in_force, &TransitFile { key: within, version }.to_string()).await
    }

    async fn file_changed_at(&self, in_force: &ActiveSource, file: &str) -> UnixTime {
        let (revision, source) = (in_force.revision.clone(), in_force.followed.source());
        let walked = in_force.revision.ages().known.get_or_try_init(|| async move {
            let _turn =
                self.past_turns.acquire(&in_force.followed.name, Duration::MAX).await.map_err(|fault| fault.to_string())?;
            let walk = move || {
                let commit = revision.commit.as_ref().ok_or("its source has no revision")?;
                let files = revision.files_in_force().map(|(file, bytes)| (file, &**bytes));
                source.last_changes(commit, files, revision.ages().before.as_deref()).map_err(|fault| fault.to_string())
            };
            tokio::task::spawn_blocking(walk).await.unwrap_or_else(|fault| Err(fault.to_string())).map(Arc::new)
        });
        match walked.await {
            Ok(changes) => changes.of(file).unwrap_or(UNKNOWN),
            Err(fault) => {
                tracing::warn!(source = %in_force.followed.name, %fault, "the last changes of files cannot be read");
                UNKNOWN
            }
        }
    }
}
