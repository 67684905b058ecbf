//! Bounds that several files of this module share.

use std::time::Duration;

/// More keys than any issuer publishes, and few enough to import in a millisecond.
pub(super) const KEYS_MAX: usize = 100;
/// How far the issuer's clock and ours may be apart. PyPI allows as much; Vault's 150 s would keep expired tokens usable.
pub const CLOCK_LEEWAY: Duration = Duration::from_secs(30);
/// The longest session: a client then logs in again, even if its token lives for a day.
pub const SESSION_MAX: Duration = Duration::from_secs(3600);
