//! When the files of a revision last changed, if somebody has asked.

use crate::git::LastChanges;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The last changes of this revision, and those of the revision before, which shorten the walk of this one.
#[derive(Debug, Default)]
pub(super) struct Ages {
    pub(super) known: OnceCell<Arc<LastChanges>>,
    pub(super) before: Option<Arc<LastChanges>>,
}

impl Ages {
    /// The ages of the next revision.
    pub(super) fn next(&self) -> Self {
        Self { known: OnceCell::new(), before: self.known.get().or(self.before.as_ref()).cloned() }
    }
}
