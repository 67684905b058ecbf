//! Garbage cannot fill the disk: refusals of the unverified are recorded at a bounded rate by address, and beyond that counted.

use crate::words::Reason;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

/// A person or a job that mistypes stays below this; a flood does not.
const RECORDS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);

pub(super) struct Gate {
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    counted: Mutex<BTreeMap<&'static str, u64>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { by_address: RateLimiter::keyed(Quota::per_minute(RECORDS_PER_MINUTE)), counted: Mutex::default() }
    }
}

impl Gate {
    /// Whether a refusal of this address gets a record of its own.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        self.by_address.check_key(&network(address)).is_ok()
    }

    /// Counts one that does not.
    pub(super) fn count(&self, reason: Reason) {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner).entry(reason.code()).or_default() += 1;
    }

    /// The counts since the last time; forgets addresses that were quiet.
    pub(super) fn take(&self) -> BTreeMap<&'static str, u64> {
        self.by_address.retain_recent();
        std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An IPv6 caller has a /64 to itself, so the network is what is limited.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
    }
}
