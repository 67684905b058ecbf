//! A request of Vault's that is none of ours.

use crate::words::{Denial, Reason};

/// Refuses it in words of its own.
pub(super) fn not_here(told: &str) -> Denial {
    Reason::BadRequest.because(told).saying(told)
}
