//! Why a store cannot be opened, and why its log cannot be read.
use crate::words::PlainPath;
use std::io;
use std::path::PathBuf;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its directory, or the lock in it.
    #[error("{}: {fault}", .path.plain())]
    Directory {
        /// The path.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// Another process holds it. Two writers would overwrite each other.
    #[error("another process holds {}", .directory.plain())]
    Held {
        /// The data directory.
        directory: PathBuf,
    },
    /// Its file is not a store, or is not writable.
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
    /// The answers of the last run would stay on the disk.
    #[error("the answers of the last run cannot be forgotten: {0}")]
    Answers(#[source] rusqlite::Error),
    /// The log would not show the start.
    #[error("the start cannot be recorded: {0}")]
    Start(#[source] rusqlite::Error),
    /// It opens and cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no store.
    #[error("{} is not there: the directory of a server's store is the one that its configuration calls `data`", .path.plain())]
    Missing {
        /// Where the store's file would be.
        path: PathBuf,
    },
    /// The store is not accessible.
    #[error("{}: {fault}", .path.plain())]
    Open {
        /// The store's file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        fault: rusqlite::Error,
    },
    /// The connection cannot be made read-only.
    #[error(transparent)]
    QueryOnly(rusqlite::Error),
    /// The records.
    #[error("the audit log cannot be read: {0}")]
    Log(#[source] rusqlite::Error),
    /// The operators' denials.
    #[error("the operators' denials cannot be read: {0}")]
    Denials(#[source] rusqlite::Error),
    /// The marks of a source.
    #[error("the marks of the source cannot be read: {0}")]
    Marks(#[source] rusqlite::Error),
}
