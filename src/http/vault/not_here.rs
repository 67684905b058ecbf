//! The refusal of a request that Vault would take.

use crate::words::{Denial, Reason};

/// Refuses the request with this text.
pub(super) fn not_here(told: &str) -> Denial {
    Reason::BadRequest.because(told).saying(told)
}
