//! When the files of a revision became what they are, as far as somebody asked.

use crate::git::LastChanges;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// What is known of one revision, and was known before it, so that its own walk is short.
#[derive(Debug, Default)]
pub(super) struct Ages {
    pub(super) known: OnceCell<Arc<LastChanges>>,
    pub(super) before: Option<Arc<LastChanges>>,
}

impl Ages {
    /// Those of the next revision.
    pub(super) fn next(&self) -> Self {
        Self { known: OnceCell::new(), before: self.known.get().or(self.before.as_ref()).cloned() }
    }
}
