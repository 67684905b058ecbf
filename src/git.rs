//! Layer C: reads the desired state from a Git repository at one commit. It reads objects only: no work tree, no hooks, no filters.

mod error;
mod fetch;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod origin;
mod source;
mod verify;

pub use error::{GitError, ReadFault, TooLarge};
pub use fetch::child::execute_order;
pub use fetch::{FetchError, ToldError, fetch};
pub use origin::{Access, Address, AddressError, Origin, TokenError};
pub use source::{Changed, HistoryWindow, LastChanges, Snapshot, Source};
pub use verify::{Signers, SignersError, VerifyError};
