//! The position of an export: the last record's `seq`, and what identifies this record, so that the position is never used in another log.

use super::failed;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::store::{Entry, Reader};
use crate::words::{NAMED_FILE_MAX, PlainPath, read_named_text};
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// An export continues after this record.
pub(super) struct ExportPosition(String);

impl ExportPosition {
    /// The position after this record, from what every version of daypass writes alike: its number, time in milliseconds, kind
    /// and decision.
    pub(super) fn behind(entry: &Entry) -> Self {
        let decision = entry.decision.as_deref().unwrap_or("-");
        Self(format!("{} {} {} {decision}", entry.seq, entry.at.millis(), entry.kind))
    }

    /// Reads the saved position, and checks that it is from this log. Without a file it is the beginning.
    pub(super) fn read(state: &Path, reader: &Reader) -> Result<i64, Failure> {
        let failure = |fault: &dyn Display| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", state.plain()));
        let text = match read_named_text(state, NAMED_FILE_MAX) {
            Ok(text) => text,
            Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(0),
            Err(fault) => return Err(failure(&fault)),
        };
        let saved = text.trim_end();
        let seq = saved.split_once(' ').and_then(|(seq, _)| seq.parse::<i64>().ok()).filter(|seq| *seq > 0);
        let Some(seq) = seq else {
            return Err(failure(&"expected a record's number, time, kind and decision, as `--state` saves them"));
        };
        let entry = reader.after(seq - 1, 1).map_err(failed)?.into_iter().find(|entry| entry.seq == seq);
        match entry.as_ref().map(Self::behind) {
            Some(place) if place.0 == saved => Ok(seq),
            _ => Err(failure(&format!(
                "the log's record {seq} is not the one that was exported, so the position is from another log: remove the file to export \
                 this log from its beginning"
            ))),
        }
    }

    /// Saves it atomically, also if the machine crashes.
    pub(super) fn note(&self, state: &Path) -> Result<(), Failure> {
        let folder = state.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            writeln!(file, "{}", self.0)?;
            file.as_file().sync_all()?;
            file.persist(state).map(drop).map_err(|fault| fault.error)
        };
        written().map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", state.plain())))
    }
}
