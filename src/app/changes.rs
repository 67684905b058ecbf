//! Reports that what is in force or denied has changed, without saying what: waiting clients then ask as usual.

use super::App;
use crate::words::Digest;
use tokio::sync::watch;

impl App {
    /// Wakes everybody who waits for a change.
    pub(super) fn notify_change(&self) {
        self.changed.send_replace(());
    }

    /// Changes of the commits in force and of denials. Several changes before the next read count as one.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Identifies the current state, also after a restart: the commits in force, what of them waits, and operators' denials. It
    /// is a digest, because not everybody who sees it may know every source.
    pub fn mark(&self) -> String {
        let (live, denials, now) = (self.live.load(), self.denials.load(), self.store.earliest());
        let mut parts: Vec<String> = Vec::new();
        for (name, source) in live.sources() {
            let revision = &source.revision;
            parts.push(name.to_string());
            parts.push(revision.commit.as_ref().map(ToString::to_string).unwrap_or_default());
            parts.push(revision.pending_files().join("\n"));
        }
        let standing = denials.iter().filter(|(_, (_, until))| until.is_none_or(|until| now < until));
        parts.extend(standing.map(|(id, _)| id.clone()));
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        Digest::of(&parts).to_string()
    }
}
