//! What is asked for and is not among the files.

use crate::kind::{InTree, Target};
use crate::policy::Tree;
use crate::words::TransitFile;

/// The file that these files would have to hold for it, or the folder of it, where they do not. What is no file of a revision's is
/// never missing.
pub fn missing(files: &Tree, wanted: &Target) -> Option<String> {
    match wanted.in_tree()? {
        InTree::Document(path) => {
            let file = format!("secrets/{path}");
            (!files.contains_key(&file)).then_some(file)
        }
        InTree::TransitKey(key) => (!TransitFile::is_any_of(files, key)).then(|| format!("transit/{key}/")),
    }
}
