//! The place of a named file: its one path, which has to be in the checkout itself.

use crate::client::checkout::{Checkout, IgnoredEntry};
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::words::PlainPath;
use std::path::{Component, Path, PathBuf};

/// The path without `..`, resolved as the system does: rules and the binding of a file use its one path.
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

/// Refuses a path of a checkout that is a symbolic link, or goes through one: its target is in no commit, and may be anywhere.
pub(super) fn check_unlinked(checkout: &Checkout, path: &Path) -> Result<(), Failure> {
    checkout.name(path)?;
    let below = path.ancestors().take_while(|one| *one != checkout.root());
    let Some(link) = below.filter(|one| one.is_symlink()).last() else { return Ok(()) };
    Err(Failure::new(STATUS_CONFIGURATION, format!("{}: {}", link.plain(), IgnoredEntry::Link)))
}
