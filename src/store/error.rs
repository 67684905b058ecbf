//! Why a store does not open, and why its log is not read.

use crate::words::PlainPath;
use std::io;
use std::path::PathBuf;

/// Why a store does not open.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its directory, or the lock in it.
    #[error("{}: {fault}", .path.plain())]
    Directory {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// Two writers would overwrite each other.
    #[error("another process holds {}", .directory.plain())]
    Held {
        /// What it holds.
        directory: PathBuf,
    },
    /// Its file is none, or cannot be written.
    #[error("the store in {} does not open: {fault}", .directory.plain())]
    Open {
        /// Where it is.
        directory: PathBuf,
        /// What SQLite says.
        #[source]
        fault: rusqlite::Error,
    },
    /// What the last run left cannot be read.
    #[error(transparent)]
    LastRun(#[from] rusqlite::Error),
    /// What the last run left would stay.
    #[error("the answers of the last run cannot be forgotten: {0}")]
    Answers(#[source] rusqlite::Error),
    /// The log would not show it.
    #[error("the start cannot be recorded: {0}")]
    Start(#[source] rusqlite::Error),
    /// It opens, and is not read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why the log is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none, or it is not for us.
    #[error("{}: {fault}", .path.plain())]
    Open {
        /// The store's file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        fault: rusqlite::Error,
    },
    /// It would not be kept from being written.
    #[error(transparent)]
    QueryOnly(rusqlite::Error),
    /// The records.
    #[error("the audit log cannot be read: {0}")]
    Log(#[source] rusqlite::Error),
    /// What operators deny.
    #[error("the operators' denials cannot be read: {0}")]
    Denials(#[source] rusqlite::Error),
    /// How far a source went.
    #[error("how far the source went cannot be read: {0}")]
    Marks(#[source] rusqlite::Error),
}
