//! Bounds that several files here share.

use std::time::Duration;

/// More keys than any issuer publishes, few enough to import in a millisecond.
pub(super) const KEYS_MAX: usize = 100;
/// How far the issuer's clock and ours may be apart: what PyPI allows; Vault's 150 s leave expired tokens in use.
pub const CLOCK_LEEWAY: Duration = Duration::from_secs(30);
/// A client that holds a session longer than this logs in again, also where its token would live for a day.
pub const SESSION_MAX: Duration = Duration::from_secs(3600);
