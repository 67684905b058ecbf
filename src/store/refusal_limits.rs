//! Limits the records of refusals, so that garbage cannot fill the disk and a flood cannot hide a probe. See docs/decisions/0024.

use super::event_record::AggregatedRecord;
use super::space::{Purpose, Space};
use super::top_counts::TopCounts;
use crate::words::{Digest, Reason, host, network_of};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

/// A person or a job that makes mistakes stays below this limit, and a flood does not.
const NETWORK_PER_MINUTE: u32 = 30;
/// The same limit for an identity that is verified.
const STRANGER_PER_MINUTE: u32 = 10;
/// A job whose policy does not fit may ask for many documents, and the person who fixes it wants to see each.
const KNOWN_PER_MINUTE: u32 = 60;
/// Probes of one identity that are always recorded, so that an attacker is visible in a flood of others.
const PROBES_PER_HOUR: u32 = 10;
/// Enough for two thousand pods of one service account that start at once with six secrets each.
const USES_AT_ONCE: u32 = 12_000;
/// Enough for these pods if they refresh every twenty seconds.
const USES_PER_SECOND: u32 = 100;
/// The limit of dry runs is that of a job whose policy does not fit.
const DRY_RUNS_PER_MINUTE: u32 = 60;
/// Bytes that refusals of each class may take in an hour. With the overhead of SQLite all classes together stay below 64 MiB.
const UNVERIFIED_BYTES: u32 = 6 * 1024 * 1024;
const STRANGERS_BYTES: u32 = 12 * 1024 * 1024;
const DRY_RUNS_BYTES: u32 = 6 * 1024 * 1024;
const KNOWN_BYTES: u32 = 24 * 1024 * 1024;
/// The overhead of a record: its row, its entry in the index, and pages that are not full.
const RECORD_BYTES: usize = 1024;

/// The class of a refusal. A class has its own limits, so no class uses up those of another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// The token was not verified.
    Unverified,
    /// The identity is verified, and no policy can match it: each policy of its issuer pins another one.
    Stranger,
    /// A dry run of a verified identity. It has its own limits, so that it cannot hide real refusals.
    DryRun,
    /// The identity is verified, and some policy could match it.
    Known,
}

impl Class {
    const ALL: [Self; 4] = [Self::Unverified, Self::Stranger, Self::DryRun, Self::Known];

    /// The class of the same request as a dry run. Without a verified identity only the address limits it.
    pub(super) fn tried(self) -> Self {
        if self == Self::Unverified { self } else { Self::DryRun }
    }

    const fn member(self) -> &'static str {
        match self {
            Self::Unverified => "refused_unverified",
            Self::Stranger => "refused_strangers",
            Self::DryRun => "refused_dry_runs",
            Self::Known => "refused_known",
        }
    }

    const fn purpose(self) -> Purpose {
        match self {
            Self::Unverified => Purpose::Unverified,
            Self::Stranger | Self::DryRun => Purpose::Stranger,
            Self::Known => Purpose::Known,
        }
    }
}

/// The properties of a refusal that limits and counts need.
pub(super) struct Refusal<'a> {
    pub(super) class: Class,
    pub(super) reason: Reason,
    pub(super) client: IpAddr,
    pub(super) issuer: &'a str,
    pub(super) owner: &'a str,
    pub(super) identity: Digest,
    pub(super) bytes: usize,
}

pub(super) struct RefusalLimits {
    by_network: DefaultKeyedRateLimiter<IpAddr>,
    strangers: DefaultKeyedRateLimiter<Digest>,
    dry_runs: DefaultKeyedRateLimiter<Digest>,
    known: DefaultKeyedRateLimiter<Digest>,
    probes: DefaultKeyedRateLimiter<Digest>,
    uses: DefaultKeyedRateLimiter<Digest>,
    budgets: [DefaultDirectRateLimiter; Class::ALL.len()],
    counted: Mutex<Counted>,
}

/// The counts of refusals without a record.
#[derive(Default)]
pub(super) struct Counted {
    reasons: BTreeMap<(Class, &'static str), u64>,
    issuers: TopCounts<String>,
    owners: TopCounts<String>,
    networks: TopCounts<IpAddr>,
}

fn some(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

impl Default for RefusalLimits {
    fn default() -> Self {
        let budget = |bytes| RateLimiter::direct(Quota::per_hour(some(bytes)));
        Self {
            by_network: RateLimiter::keyed(Quota::per_minute(some(NETWORK_PER_MINUTE))),
            strangers: RateLimiter::keyed(Quota::per_minute(some(STRANGER_PER_MINUTE))),
            dry_runs: RateLimiter::keyed(Quota::per_minute(some(DRY_RUNS_PER_MINUTE))),
            known: RateLimiter::keyed(Quota::per_minute(some(KNOWN_PER_MINUTE))),
            probes: RateLimiter::keyed(Quota::per_hour(some(PROBES_PER_HOUR))),
            uses: RateLimiter::keyed(Quota::per_second(some(USES_PER_SECOND)).allow_burst(some(USES_AT_ONCE))),
            budgets: [UNVERIFIED_BYTES, STRANGERS_BYTES, DRY_RUNS_BYTES, KNOWN_BYTES].map(budget),
            counted: Mutex::default(),
        }
    }
}

impl RefusalLimits {
    /// Whether a refusal gets a record of its own. Otherwise counts it.
    pub(super) fn admits(&self, refusal: &Refusal<'_>, space: &Space) -> bool {
        let is_probe = matches!(refusal.reason, Reason::Replayed | Reason::Denied) && refusal.class == Class::Known;
        if is_probe && space.allows(Purpose::Grant) && self.probes.check_key(&refusal.identity).is_ok() {
            return true;
        }
        let is_within_share = || match refusal.class {
            Class::Unverified => self.by_network.check_key(&host(refusal.client)).is_ok(),
            Class::Stranger => self.strangers.check_key(&refusal.identity).is_ok(),
            Class::DryRun => self.dry_runs.check_key(&refusal.identity).is_ok(),
            Class::Known => self.known.check_key(&refusal.identity).is_ok(),
        };
        let is_within_budget = || {
            let bytes = u32::try_from(refusal.bytes + RECORD_BYTES).unwrap_or(u32::MAX);
            matches!(self.budgets[refusal.class as usize].check_n(some(bytes)), Ok(Ok(())))
        };
        let admitted = space.allows(refusal.class.purpose()) && is_within_share() && is_within_budget();
        if !admitted {
            self.counted().count(refusal);
        }
        admitted
    }

    /// Whether an identity may get another answer now. Each answer is a record.
    pub(super) fn admits_use(&self, identity: &Digest) -> bool {
        self.uses.check_key(identity).is_ok()
    }

    /// Takes the counts since the last call, and removes idle keys of the limiters.
    pub(super) fn take(&self) -> Counted {
        self.by_network.retain_recent();
        self.strangers.retain_recent();
        self.dry_runs.retain_recent();
        self.known.retain_recent();
        self.probes.retain_recent();
        self.uses.retain_recent();
        std::mem::take(&mut *self.counted())
    }

    /// Adds counts that could not be recorded.
    pub(super) fn give_back(&self, counted: Counted) {
        self.counted().add(counted);
    }

    /// Whether nothing was counted since the last call of [`Self::take`].
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.counted().is_empty()
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn count(&mut self, refusal: &Refusal<'_>) {
        *self.reasons.entry((refusal.class, refusal.reason.code())).or_default() += 1;
        self.networks.count(network_of(refusal.client), 1);
        if refusal.class != Class::Unverified {
            self.issuers.count(refusal.issuer.to_owned(), 1);
            self.owners.count(refusal.owner.chars().take(100).collect(), 1);
        }
    }

    fn add(&mut self, other: Self) {
        other.reasons.into_iter().for_each(|(key, count)| *self.reasons.entry(key).or_default() += count);
        self.issuers.add(other.issuers);
        self.owners.add(other.owners);
        self.networks.add(other.networks);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The record: counts by class and reason, and who caused most of them.
    pub(super) fn record(&self) -> AggregatedRecord {
        let mut classes: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for ((class, code), count) in &self.reasons {
            classes.entry(class.member()).or_default().insert(*code, *count);
        }
        AggregatedRecord {
            classes,
            top_issuers: self.issuers.report(),
            top_networks: self.networks.report(),
            top_owners: self.owners.report(),
            total: self.reasons.values().sum(),
        }
    }
}
