//! Layer C: desired state, read from a Git repository at one commit. Objects only: no work tree, no hooks, no filters.

mod fetch;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod origin;
mod source;
mod verify;

pub use fetch::child::fetch_as_told;
pub use fetch::fetch;
pub use origin::{Access, Address, Origin};
pub use source::{LastChanges, Past, Snapshot, Source};
pub use verify::Signers;
