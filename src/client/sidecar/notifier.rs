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
    /// While a notification is due, there is the file `unnotified`: a later process notifies if this one is ended.
    pub(super) fn new(unnotified: Option<PathBuf>) -> Self {
        let pending = |unnotified| Pending { changed: Notify::new(), unnotified, changes: Mutex::default() };
        Self(unnotified.map(|unnotified| Arc::new(pending(unnotified))))
    }

    /// Whether an earlier process left a notification due.
    pub(super) fn is_due(&self) -> bool {
        self.0.as_ref().is_some_and(|pending| pending.unnotified.exists())
    }

    /// Starts to notify. What is due is made at once if the files are there, and with the next ones otherwise.
    pub(super) fn start(&self, reaction: Reaction, http: reqwest::Client, files_are_there: bool) {
        let Some(pending) = &self.0 else { return };
        if self.is_due() && files_are_there {
            pending.changed.notify_one();
        }
        tokio::spawn(run(reaction, http, pending.clone()));
    }

    /// Reports that the files are about to change, or to be removed until they are granted again.
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

/// Counts of changes. They differ while files are being written, and while there are none.
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
    use crate::client::sidecar::waiting::until;
    use std::path::Path;

    fn http() -> reqwest::Client {
        crate::issuers::http::command_client(None).unwrap()
    }

    fn started(reaction: Reaction, unnotified: &Path, files_are_there: bool) -> Notifier {
        let notifier = Notifier::new(Some(unnotified.to_owned()));
        notifier.start(reaction, http(), files_are_there);
        notifier
    }

    /// Waits until the command has begun this often.
    async fn until_begun(log: &Path, times: usize) {
        until("it is notified", || std::fs::read_to_string(log).unwrap_or_default().lines().count() >= times).await;
    }

    #[tokio::test]
    async fn a_change_during_a_notification_stays_due_until_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (log, end, unnotified) = (folder.path().join("log"), folder.path().join("end-"), folder.path().join("unnotified"));
        // Each notification ends when the test writes a file with its number.
        let script = "echo begun >> \"$0\"; number=$(wc -l < \"$0\"); until [ -e \"$1$number\" ]; do sleep 0.02; done";
        let words = ["sh", "-c", script, log.to_str().unwrap(), end.to_str().unwrap()];
        let reaction = Reaction::Exec(words.map(str::to_owned).to_vec());
        let notifier = started(reaction, &unnotified, true);
        let end_one = |number: usize| std::fs::write(format!("{}{number}", end.display()), b"").unwrap();
        notifier.begin();
        notifier.notify();
        until_begun(&log, 1).await;
        notifier.begin();
        notifier.notify();
        end_one(1);
        until_begun(&log, 2).await;
        assert!(unnotified.exists(), "the second change is due: a process that starts now has to notify of it");
        end_one(2);
        until("nothing is due any more", || !unnotified.exists()).await;
    }

    #[tokio::test]
    async fn a_notification_that_an_earlier_process_left_due_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let (log, unnotified) = (folder.path().join("log"), folder.path().join("unnotified"));
        std::fs::write(&unnotified, b"").unwrap();
        let words = ["sh", "-c", "echo begun >> \"$0\"", log.to_str().unwrap()];
        let reaction = Reaction::Exec(words.map(str::to_owned).to_vec());
        let _notifier = started(reaction, &unnotified, true);
        until_begun(&log, 1).await;
        until("nothing is due any more", || !unnotified.exists()).await;
    }
    /// A notification before the files are back would count for them, and nobody would hear of the files.
    #[tokio::test]
    async fn what_is_due_while_there_are_no_files_waits_for_them() {
        let folder = tempfile::tempdir().unwrap();
        let (log, unnotified, data) = (folder.path().join("log"), folder.path().join("unnotified"), folder.path().join("data"));
        std::fs::write(&unnotified, b"").unwrap();
        let words = ["sh", "-c", "cat \"$1\" >> \"$0\"", log.to_str().unwrap(), data.to_str().unwrap()];
        let notifier = started(Reaction::Exec(words.map(str::to_owned).to_vec()), &unnotified, false);
        assert!(notifier.is_due());
        notifier.begin();
        std::fs::write(&data, "four\n").unwrap();
        notifier.notify();
        until("nothing is due any more", || !unnotified.exists()).await;
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "four\n");
    }
}
