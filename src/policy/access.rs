//! Who may reach what, over all identities: compares what two revisions permit, and lists who can.
//!
//! Every rule matches a region of identities. Regions are compared by a search over the patterns themselves, so that each answer comes
//! with an identity that proves it.

mod beyond;
mod change;
mod changes;
mod claim_value;
mod gained;
mod kinds;
mod literal;
mod looser;
mod matcher;
mod missing;
mod permits;
mod product;
mod region;
mod search;
mod side;
mod unfiled;
mod what_can;
mod wording;

pub use change::{Change, ChangedPart, Direction};
pub use changes::changes;
pub(super) use changes::narrows;
pub(super) use kinds::{Interpretation, Kind};
pub(super) use literal::Literal;
pub use missing::missing;
pub(super) use permits::{Permit, overlap, permits, within};
pub use permits::{Reach, who_can};
pub(super) use region::Region;
pub(super) use search::patterns_overlap;
pub use what_can::{Entitlement, credentials_like, what_can};

#[cfg(test)]
mod tests;
