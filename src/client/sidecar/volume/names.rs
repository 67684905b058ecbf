//! The names that the sidecar keeps for itself: all of them start with `..`, which no file of the application does.

use crate::client::sidecar::file_name::FileName;
use crate::words::UnixTime;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The link to the folder in force.
pub(super) const DATA: &str = "..data";
/// The same before it is renamed.
pub(super) const DATA_NEXT: &str = "..data_tmp";
/// It is there while the application has yet to be told of a change.
pub(super) const UNTOLD: &str = "..untold";

/// How a folder's name begins, such as `..2026_11_23_09_30_00.`, as the kubelet names its own.
pub(super) fn stamp(now: UnixTime) -> String {
    let digits = |character: char| if character.is_ascii_digit() { character } else { '_' };
    let text: String = now.to_string().trim_end_matches('Z').chars().map(digits).collect();
    format!("..{text}.")
}

/// Folders of some time, and half-made links and notes.
pub(super) fn is_leftover(name: &OsStr) -> bool {
    let Some(rest) = name.to_str().and_then(|name| name.strip_prefix("..")) else { return false };
    rest == &DATA_NEXT[2..] || rest.starts_with("note.") || rest.starts_with(|first: char| first.is_ascii_digit())
}

/// Where a file's link leads.
pub(super) fn target(name: &FileName) -> PathBuf {
    Path::new(DATA).join(name.as_str())
}

/// Whether it is a link that only the sidecar makes.
pub(super) fn is_link_of_ours(path: &Path) -> bool {
    std::fs::read_link(path).is_ok_and(|found| Some(found) == path.file_name().map(|name| Path::new(DATA).join(name)))
}
