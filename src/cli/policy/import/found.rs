//! What a folder holds, and the content of one file of it.

use crate::policy::{ImportSettings, Imported, NotImported, import};
use crate::words::{PlainPath, read_named};
use std::io;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The largest file that is read. Vault takes requests of up to 32 MiB; real policies are far smaller.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The files below a folder, and what else is there.
#[derive(Default)]
pub(super) struct Found {
    pub(super) files: Vec<PathBuf>,
    pub(super) unread: Vec<Unread>,
}

/// What is not read.
pub(super) struct Unread {
    pub(super) path: PathBuf,
    reason: UnreadReason,
}

#[derive(Debug, thiserror::Error)]
enum UnreadReason {
    /// A link, which may lead out of the folder.
    #[error("it is a link, and links are not followed: name what it leads to")]
    Link,
    /// A pipe, a socket or a device.
    #[error("it is neither a file nor a folder")]
    Special,
    /// A folder that cannot be listed.
    #[error("{0}")]
    Folder(#[source] io::Error),
}

impl Found {
    pub(super) fn below(folder: &Path) -> Self {
        let mut found = Self::default();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let (path, reason) = match entry {
                Ok(entry) if entry.file_type().is_dir() => continue,
                Ok(entry) if entry.file_type().is_file() => {
                    found.files.push(entry.into_path());
                    continue;
                }
                Ok(entry) if entry.file_type().is_symlink() => (entry.into_path(), UnreadReason::Link),
                Ok(entry) => (entry.into_path(), UnreadReason::Special),
                Err(fault) => {
                    let path = fault.path().unwrap_or(folder).to_owned();
                    (path, UnreadReason::Folder(fault.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into())))
                }
            };
            found.unread.push(Unread { path, reason });
        }
        found
    }
}

impl Unread {
    pub(super) fn not_imported(&self) -> NotImported {
        not_imported(&self.path, &self.reason)
    }
}

/// Imports a file.
pub(super) fn one(file: &Path, settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    match content(file) {
        Ok(bytes) => import(&file.plain().to_string(), &bytes, settings),
        Err(reason) => vec![Err(reason)],
    }
}

pub(super) fn content(file: &Path) -> Result<Vec<u8>, NotImported> {
    read_named(file, FILE_BYTES_MAX).map_err(|fault| not_imported(file, &fault))
}

pub(super) fn not_imported(file: &Path, reason: &dyn std::error::Error) -> NotImported {
    NotImported { original: file.plain().to_string(), reason: reason.to_string() }
}
