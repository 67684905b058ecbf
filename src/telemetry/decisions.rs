//! Counts decisions by policy, for as many policies as a monitoring system can handle.

use crate::words::names::PolicyName;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Policies that are counted by name. Each has a series for every code that occurs, and a set may have 100,000 policies.
const POLICIES_MAX: usize = 1000;
/// The label of all other policies.
const OTHERS: &str = "(others)";

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct Decision {
    policy: String,
    code: &'static str,
}

/// The policies that granted since the start, and the results.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions {
    pub(super) counters: Family<Decision, Counter>,
    named: Arc<RwLock<BTreeSet<String>>>,
}

impl Decisions {
    pub(super) fn count(&self, policy: &PolicyName, code: &'static str) {
        let policy = if self.is_named(policy) { policy.to_string() } else { OTHERS.to_owned() };
        self.counters.get_or_create(&Decision { policy, code }).inc();
    }

    /// Whether the policy is among the first ones, which are counted by name.
    fn is_named(&self, policy: &PolicyName) -> bool {
        let known = |named: &BTreeSet<String>| (named.contains(policy.as_str()), named.len() >= POLICIES_MAX);
        let (is_named, is_full) = known(&self.named.read().unwrap_or_else(PoisonError::into_inner));
        if is_named || is_full {
            return is_named;
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        let (is_named, is_full) = known(&named);
        is_named || (!is_full && named.insert(policy.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_very_many_policies_makes_a_bounded_number_of_series() {
        let decisions = Decisions::default();
        for number in 0..POLICIES_MAX + 50 {
            decisions.count(&PolicyName::parse(&format!("team/p{number}")).unwrap(), "granted");
        }
        let count = |policy: &str| {
            let decision = Decision { policy: policy.to_owned(), code: "granted" };
            decisions.counters.get(&decision).map_or(0, |counter| counter.get())
        };
        assert_eq!((count("team/p0"), count("team/p999"), count("team/p1000"), count(OTHERS)), (1, 1, 0, 50));
        decisions.count(&PolicyName::parse("team/p0").unwrap(), "granted");
        assert_eq!(count("team/p0"), 2, "one that is named stays so");
    }
}
