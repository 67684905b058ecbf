//! The rate limit of a provider, as its answers report it.

use crate::words::UnixTime;

/// A limit is scarce when one tenth of it is left. `deploy/prometheus/daypass.rules.yaml` has the same bound.
const SCARCE: u64 = 10;

/// What one of the provider's last answers reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    /// Requests in one window.
    pub limit: u64,
    /// The requests that are left.
    pub remaining: u64,
    /// When the next window begins.
    pub resets_at: UnixTime,
}

impl RateLimit {
    /// Whether somebody should know before it is spent.
    pub const fn is_scarce(&self) -> bool {
        self.remaining <= self.limit / SCARCE
    }
}
