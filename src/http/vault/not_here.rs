//! The refusal of a request that Vault would take.

use crate::words::{Denial, Reason};

/// Refuses the request with this text.
pub(super) fn not_here(detail: &str) -> Denial {
    Reason::BadRequest.with_cause(detail).with_detail(detail)
}
