//! Uses of transit keys that may be granted by several policies.

use crate::kind::{Target, TransitUse};
use crate::policy::lint::LintContext;
use crate::words::TransitFile;

/// Every use of every key that the revision has.
pub(super) fn uses(look: &LintContext<'_>) -> impl Iterator<Item = Target> {
    TransitFile::among(look.tree).flat_map(|file| TransitUse::of_key(&file.key).collect::<Vec<_>>()).map(Target::from)
}
