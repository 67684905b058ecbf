//! Whether the files have what is asked for.

use crate::kind::{Target, TreeFile};
use crate::policy::Tree;
use crate::words::TransitFile;

/// The file or folder of this target, if these files lack it. A target that is no file of a revision is never missing.
pub fn missing(files: &Tree, wanted: &Target) -> Option<String> {
    lacking(files, wanted.committed()?.current()?)
}

/// This file or folder, if these files lack it.
pub(super) fn lacking(files: &Tree, file: TreeFile<'_>) -> Option<String> {
    let is_there = match file {
        TreeFile::Document(_) => files.contains_key(&file.to_string()),
        TreeFile::TransitKey(key) => TransitFile::is_any_of(files, key),
    };
    (!is_there).then(|| file.to_string())
}
