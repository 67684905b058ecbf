//! The state file for a later process of this pod: the settings of the files, and until when they may stay. It has no secret.

use crate::words::{Digest, UnixTime};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Its name. Like all of the sidecar's own names, it begins with `..`.
const NAME: &str = "..daypass.json";
/// How far the clock may have been set back. Beyond that, no saved time counts.
const LEEWAY: Duration = Duration::from_secs(60);

/// The state file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateFile {
    wish: String,
    confirmed_at: i64,
    ends_at: i64,
}

impl StateFile {
    pub(super) fn new(wish: &Digest, confirmed_at: UnixTime, ends_at: UnixTime) -> Self {
        Self { wish: wish.to_string(), confirmed_at: confirmed_at.millis(), ends_at: ends_at.millis() }
    }

    /// Reads the state file of this folder; `None` if it cannot be read.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(NAME)).ok()?).ok()
    }

    /// Writes the file, and replaces the one before.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix("..note.").tempfile_in(folder)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.persist(folder.join(NAME)).map(drop).map_err(|fault| fault.error)
    }

    /// Removes the file.
    pub(super) fn remove(folder: &Path) {
        let _ = std::fs::remove_file(folder.join(NAME));
    }

    /// Whether the files of these settings may stay now.
    pub(super) fn counts(&self, wish: &Digest, now: UnixTime) -> bool {
        self.wish == wish.to_string() && self.is_running(now)
    }

    /// Whether the files may stay now, whatever their settings.
    pub(super) fn is_running(&self, now: UnixTime) -> bool {
        UnixTime::from_millis(self.confirmed_at) < now.plus(LEEWAY) && now < self.ends_at()
    }

    pub(super) const fn ends_at(&self) -> UnixTime {
        UnixTime::from_millis(self.ends_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_file_counts_for_its_settings_until_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let at = UnixTime::from_seconds;
        let (wish, other) = (Digest::plain(b"a"), Digest::plain(b"b"));
        let note = StateFile::new(&wish, at(1000), at(2000));
        assert!(StateFile::read(folder.path()).is_none());
        note.write(folder.path()).unwrap();
        assert_eq!(StateFile::read(folder.path()), Some(note));
        let note = StateFile::read(folder.path()).unwrap();
        assert!(note.counts(&wish, at(1500)) && !note.counts(&other, at(1500)) && note.is_running(at(1500)));
        assert!(!note.counts(&wish, at(2000)), "at its end it is over");
        assert!(note.counts(&wish, at(970)) && !note.counts(&wish, at(900)), "a clock that goes back revives nothing");
        std::fs::write(folder.path().join(NAME), b"{\"wish\":").unwrap();
        assert!(StateFile::read(folder.path()).is_none());
    }
}
