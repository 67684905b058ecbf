//! That something else is in force or denied: for those who wait for it. What it is, they ask as everybody does.

use super::App;
use crate::words::Digest;
use tokio::sync::watch;

impl App {
    /// Wakes whoever waits for a change.
    pub(super) fn tell_change(&self) {
        self.changed.send_replace(());
    }

    /// A new commit in force, a denial or its end; several before a look are one.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// By what the present state is known again, also after a restart: the commits in force, what of them waits, and what
    /// operators deny now. A digest, because not everybody who may see it may know every source.
    pub fn mark(&self) -> String {
        let (live, stops, now) = (self.live.load(), self.stops.load(), self.store.earliest());
        let mut parts: Vec<String> = Vec::new();
        for (name, source) in live.sources() {
            let revision = &source.revision;
            parts.push(name.to_string());
            parts.push(revision.commit.as_ref().map(ToString::to_string).unwrap_or_default());
            parts.push(revision.held_files().join("\n"));
        }
        let standing = stops.iter().filter(|(_, (_, until))| until.is_none_or(|until| now < until));
        parts.extend(standing.map(|(id, _)| id.clone()));
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        Digest::of(&parts).to_string()
    }
}
