//! Finds the most frequent keys in bounded memory: the space-saving algorithm (Metwally, Agrawal and El Abbadi, 2005). A key with more
//! than a 64th of all counts is always found, and no count is too low.

use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

/// How many keys are held.
const KEYS_KEPT_MAX: usize = 64;
/// How many keys are reported.
const KEYS_REPORTED_MAX: usize = 10;

/// A frequent key.
#[derive(Serialize, Debug)]
pub(super) struct TopCount {
    /// It occurred at most so often.
    pub(super) at_most: u64,
    pub(super) name: String,
}

/// The counts.
pub(super) struct TopCounts<K>(HashMap<K, u64>);

impl<K> Default for TopCounts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq + Clone + Display + Ord> TopCounts<K> {
    /// Counts a key. If there is no room, it replaces the key with the lowest count and continues that count.
    pub(super) fn count(&mut self, key: K, times: u64) {
        if let Some(count) = self.0.get_mut(&key) {
            *count += times;
            return;
        }
        let least = match self.0.iter().min_by_key(|(_, count)| **count) {
            Some((key, count)) if self.0.len() >= KEYS_KEPT_MAX => Some((key.clone(), *count)),
            Some(_) | None => None,
        };
        let before = least.map_or(0, |(least, count)| {
            self.0.remove(&least);
            count
        });
        self.0.insert(key, before + times);
    }

    pub(super) fn add(&mut self, other: Self) {
        other.0.into_iter().for_each(|(key, times)| self.count(key, times));
    }

    /// The most frequent keys, in descending order.
    pub(super) fn report(&self) -> Vec<TopCount> {
        let mut all: Vec<(&K, &u64)> = self.0.iter().collect();
        all.sort_by(|(one, few), (other, many)| many.cmp(few).then(one.cmp(other)));
        all.iter().take(KEYS_REPORTED_MAX).map(|(key, count)| TopCount { at_most: **count, name: key.to_string() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequent_key_is_always_reported() {
        let mut top = TopCounts::default();
        for number in 0..100_000u32 {
            top.count(number + 1000, 1);
            if number.is_multiple_of(20) {
                top.count(7, 1);
            }
        }
        assert!(top.0.len() <= KEYS_KEPT_MAX);
        let report = top.report();
        let ours = report.iter().find(|one| one.name == "7").unwrap();
        assert!(ours.at_most >= 5000, "{ours:?}");
    }
}
