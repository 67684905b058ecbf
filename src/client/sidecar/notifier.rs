//! Notifies the application of changes, in parallel to the writing. Several changes before a notification count as one.

use super::reaction::Reaction;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The pause after the first failure. It doubles with each further one.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The notifier, if the settings have `on_change`.
pub(super) struct Notifier(Option<Arc<Notify>>);

impl Notifier {
    /// Starts the notifier. It removes the file `unnotified` when the application was notified.
    pub(super) fn start(reaction: Option<Reaction>, http: reqwest::Client, unnotified: PathBuf) -> Self {
        Self(reaction.map(|reaction| {
            let changed = Arc::new(Notify::new());
            tokio::spawn(run(reaction, http, unnotified, changed.clone()));
            changed
        }))
    }

    /// A notifier that does nothing: `once` writes before the application starts.
    pub(super) const fn disabled() -> Self {
        Self(None)
    }

    /// Whether an application is to be notified.
    pub(super) const fn is_enabled(&self) -> bool {
        self.0.is_some()
    }

    /// Reports that the files have changed, and returns at once.
    pub(super) fn notify(&self) {
        self.0.iter().for_each(|changed| changed.notify_one());
    }
}

async fn run(reaction: Reaction, http: reqwest::Client, unnotified: PathBuf, changed: Arc<Notify>) {
    loop {
        changed.notified().await;
        let mut pause = PAUSE_MIN;
        while let Err(fault) = reaction.perform(&http).await {
            tracing::warn!(%fault, again_in_seconds = pause.as_secs(), "the application could not be notified of the change");
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        tracing::info!("the application was notified of the change");
        let _ = std::fs::remove_file(&unnotified);
    }
}
