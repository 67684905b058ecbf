//! Tells the application of changes, beside the writing: several before it could be told are one.

use super::reaction::Reaction;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// From the first failure to the second try, and twice as long after each further one.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Somebody to tell, if anybody is.
pub(super) struct Teller(Option<Arc<Notify>>);

impl Teller {
    /// Starts; `untold` is the note that goes when it is done.
    pub(super) fn start(reaction: Option<Reaction>, http: reqwest::Client, untold: PathBuf) -> Self {
        Self(reaction.map(|reaction| {
            let changed = Arc::new(Notify::new());
            tokio::spawn(tell_on(reaction, http, untold, changed.clone()));
            changed
        }))
    }

    /// For who writes once, before the application starts.
    pub(super) const fn nobody() -> Self {
        Self(None)
    }

    /// Whether anybody is to be told.
    pub(super) const fn tells(&self) -> bool {
        self.0.is_some()
    }

    /// The files are others now; returns at once.
    pub(super) fn tell(&self) {
        self.0.iter().for_each(|changed| changed.notify_one());
    }
}

async fn tell_on(reaction: Reaction, http: reqwest::Client, untold: PathBuf, changed: Arc<Notify>) {
    loop {
        changed.notified().await;
        let mut pause = PAUSE_MIN;
        while let Err(fault) = reaction.carry_out(&http).await {
            tracing::warn!(%fault, again_in_seconds = pause.as_secs(), "the application could not be told of the change");
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        tracing::info!("the application was told of the change");
        let _ = std::fs::remove_file(&untold);
    }
}
