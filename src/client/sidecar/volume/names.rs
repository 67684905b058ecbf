//! The sidecar's own names. All of them start with `..`, which no file of the application does.

use crate::client::sidecar::file_name::FileName;
use crate::words::UnixTime;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The link to the folder in force.
pub(super) const DATA: &str = "..data";
/// The same link before it is renamed.
pub(super) const DATA_NEXT: &str = "..data_tmp";
/// The file that exists while the application has yet to be notified of a change.
pub(super) const UNNOTIFIED: &str = "..untold";

/// The beginning of a folder's name, such as `..2026_11_23_09_30_00.`, as for the kubelet's own.
pub(super) fn stamp(now: UnixTime) -> String {
    let digits = |character: char| if character.is_ascii_digit() { character } else { '_' };
    let text: String = now.to_string().trim_end_matches('Z').chars().map(digits).collect();
    format!("..{text}.")
}

/// Whether it is a name of a folder, or of an incomplete link or note.
pub(super) fn is_leftover(name: &OsStr) -> bool {
    let Some(rest) = name.to_str().and_then(|name| name.strip_prefix("..")) else { return false };
    rest == &DATA_NEXT[2..] || rest.starts_with("note.") || rest.starts_with(|first: char| first.is_ascii_digit())
}

/// The target of a file's link.
pub(super) fn target(name: &FileName) -> PathBuf {
    Path::new(DATA).join(name.as_str())
}

/// Whether it is a link that only the sidecar makes.
pub(super) fn is_link_of_ours(path: &Path) -> bool {
    std::fs::read_link(path).is_ok_and(|found| Some(found) == path.file_name().map(|name| Path::new(DATA).join(name)))
}
