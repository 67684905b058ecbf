//! Where a file is that somebody named, by its one path.

use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::words::PlainPath;
use std::path::{Component, Path, PathBuf};

/// The path without `..`, as the system goes: a file has one path, and rules and its binding go by that.
pub(super) fn settled(path: &Path) -> Result<PathBuf, Failure> {
    let unusable = |fault: std::io::Error| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", path.plain()));
    let mut settled = PathBuf::new();
    for part in std::path::absolute(path).map_err(unusable)?.components() {
        if part != Component::ParentDir {
            settled.push(part);
            continue;
        }
        if settled.is_symlink() {
            settled = settled.canonicalize().map_err(unusable)?;
        }
        settled.pop();
    }
    Ok(settled)
}
