//! Notifies the application of changes, in parallel to the writing. Several changes before a notification count as one.

use super::reaction::Reaction;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The pause after the first failure. It doubles with each further one.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The notifier, if the settings have `on_change`.
pub(super) struct Notifier(Option<Arc<Pending>>);

impl Notifier {
    /// Starts the notifier. While a notification is due, there is the file `unnotified`: a later process notifies if this one is ended.
    pub(super) fn start(reaction: Option<Reaction>, http: reqwest::Client, unnotified: PathBuf) -> Self {
        Self(reaction.map(|reaction| {
            let pending = Arc::new(Pending { changed: Notify::new(), unnotified, changes: Mutex::default() });
            if pending.unnotified.exists() {
                pending.changed.notify_one();
            }
            tokio::spawn(run(reaction, http, pending.clone()));
            pending
        }))
    }

    /// A notifier that does nothing: `once` writes before the application starts.
    pub(super) const fn disabled() -> Self {
        Self(None)
    }

    /// Reports that the files are about to change.
    pub(super) fn begin(&self) {
        self.0.iter().for_each(|pending| pending.begin());
    }

    /// Reports that the files have changed, and returns at once.
    pub(super) fn notify(&self) {
        self.0.iter().for_each(|pending| pending.notify());
    }
}

/// What the writing and the notifying share.
struct Pending {
    changed: Notify,
    unnotified: PathBuf,
    changes: Mutex<Changes>,
}

/// Counts of changes. They differ while files are being written.
#[derive(Default)]
struct Changes {
    begun: u64,
    written: u64,
}

impl Pending {
    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        let mut changes = self.changes();
        changes.begun += 1;
        if let Err(fault) = std::fs::write(&self.unnotified, b"") {
            tracing::warn!(%fault, "the pending notification of the application cannot be saved");
        }
    }

    fn notify(&self) {
        let mut changes = self.changes();
        changes.written = changes.begun;
        drop(changes);
        self.changed.notify_one();
    }

    /// Removes the file after a notification of the first `notified` changes, unless another change came meanwhile.
    fn settle(&self, notified: u64) {
        let changes = self.changes();
        if changes.begun == notified {
            let _ = std::fs::remove_file(&self.unnotified);
        }
    }
}

async fn run(reaction: Reaction, http: reqwest::Client, pending: Arc<Pending>) {
    loop {
        pending.changed.notified().await;
        let mut pause = PAUSE_MIN;
        let notified = loop {
            let written = pending.changes().written;
            let Err(fault) = reaction.perform(&http).await else { break written };
            tracing::warn!(%fault, again_in_seconds = pause.as_secs(), "the application could not be notified of the change");
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        };
        tracing::info!("the application was notified of the change");
        pending.settle(notified);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn http() -> reqwest::Client {
        crate::issuers::http::command_client(None).unwrap()
    }

    /// Whatever takes longer hangs, however busy the machine is.
    const WAIT_MAX: Duration = Duration::from_secs(240);

    async fn until(what: &str, holds: impl Fn() -> bool) {
        let waiting = async {
            while !holds() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(WAIT_MAX, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
    }

    /// Waits until the command has begun this often.
    async fn until_begun(log: &Path, times: usize) {
        until("it is notified", || std::fs::read_to_string(log).unwrap_or_default().lines().count() >= times).await;
    }

    #[tokio::test]
    async fn a_change_during_a_notification_stays_due_until_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (log, go_on, unnotified) = (folder.path().join("log"), folder.path().join("go-on"), folder.path().join("unnotified"));
        assert!(std::process::Command::new("mkfifo").arg(&go_on).status().unwrap().success());
        // Each notification ends when the test opens the pipe.
        let words = ["sh", "-c", "echo begun >> \"$0\"; : < \"$1\"", log.to_str().unwrap(), go_on.to_str().unwrap()];
        let reaction = Reaction::Exec(words.map(str::to_owned).to_vec());
        let notifier = Notifier::start(Some(reaction), http(), unnotified.clone());
        let end_one = async || drop(tokio::fs::OpenOptions::new().write(true).open(&go_on).await.unwrap());
        notifier.begin();
        notifier.notify();
        until_begun(&log, 1).await;
        notifier.begin();
        notifier.notify();
        end_one().await;
        until_begun(&log, 2).await;
        assert!(unnotified.exists(), "the second change is due: a process that starts now has to notify of it");
        end_one().await;
        until("nothing is due any more", || !unnotified.exists()).await;
    }

    #[tokio::test]
    async fn a_notification_that_an_earlier_process_left_due_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let (log, unnotified) = (folder.path().join("log"), folder.path().join("unnotified"));
        std::fs::write(&unnotified, b"").unwrap();
        let words = ["sh", "-c", "echo begun >> \"$0\"", log.to_str().unwrap()];
        let reaction = Reaction::Exec(words.map(str::to_owned).to_vec());
        let _notifier = Notifier::start(Some(reaction), http(), unnotified.clone());
        until_begun(&log, 1).await;
        until("nothing is due any more", || !unnotified.exists()).await;
    }
}
