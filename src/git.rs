//! Layer C: desired state, read from a Git repository at one commit. Objects only: no work tree, no hooks, no filters.

mod source;

pub use source::{Blob, Snapshot, Source};
