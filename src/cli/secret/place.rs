//! Where a file is that somebody named: by its one path, and in the checkout itself.

use crate::client::checkout::{Checkout, PassedOver};
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

/// Refuses a path of a checkout that goes through a symbolic link, or is one: what is behind it is in no commit, and may be anywhere.
pub(super) fn check_unlinked(checkout: &Checkout, path: &Path) -> Result<(), Failure> {
    checkout.name(path)?;
    let below = path.ancestors().take_while(|one| *one != checkout.root());
    let Some(link) = below.filter(|one| one.is_symlink()).last() else { return Ok(()) };
    Err(Failure::new(STATUS_CONFIGURATION, format!("{}: {}", link.plain(), PassedOver::Link)))
}
