//! The addresses that requests come from: which were served lately, and which have suspiciously many identities.

use crate::identity::Identity;
use crate::words::host;
use moka::sync::Cache;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many addresses are remembered, with some 100 bytes each.
const ADDRESSES_MAX: u64 = 10_000;
/// An address is remembered for this long after its last request.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// One address with more identities than this is a gateway of many jobs, or a load balancer that is not listed in `proxies`.
const IDENTITIES_MAX: usize = 50;

/// The addresses of callers.
pub struct Clients {
    served: Cache<IpAddr, ()>,
    identities: Cache<IpAddr, Arc<Mutex<BTreeSet<u64>>>>,
    hasher: RandomState,
}

impl Default for Clients {
    fn default() -> Self {
        Self { served: cache(), identities: cache(), hasher: RandomState::new() }
    }
}

fn cache<T: Clone + Send + Sync + 'static>() -> Cache<IpAddr, T> {
    Cache::builder().max_capacity(ADDRESSES_MAX).time_to_idle(REMEMBERED).build()
}

impl Clients {
    /// Notes that something was released to this address.
    pub fn note_served(&self, address: IpAddr) {
        let host = host(address);
        if self.served.get(&host).is_none() {
            self.served.insert(host, ());
        }
    }

    /// Whether something was released to this address lately.
    pub fn was_served(&self, address: IpAddr) -> bool {
        self.served.get(&host(address)).is_some()
    }

    /// Notes that a verified identity asked from this address.
    pub fn note_identity(&self, address: IpAddr, identity: &Identity) {
        self.note_name(address, self.hasher.hash_one((identity.facts().issuer.as_str(), identity.subject())));
    }

    fn note_name(&self, address: IpAddr, name: u64) {
        let address = host(address);
        let known = self.identities.get_with(address, Arc::default);
        let mut names = known.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() <= IDENTITIES_MAX {
            names.insert(name);
        }
    }

    /// The addresses with more than a few dozen identities.
    pub fn crowded(&self) -> BTreeSet<IpAddr> {
        let is_crowded =
            |names: &Mutex<BTreeSet<u64>>| names.lock().unwrap_or_else(PoisonError::into_inner).len() > IDENTITIES_MAX;
        self.identities.iter().filter(|(_, names)| is_crowded(names)).map(|(address, _)| *address).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_that_was_served_is_known_and_in_ipv6_its_network() {
        let clients = Clients::default();
        clients.note_served(address("192.0.2.1"));
        clients.note_served(address("2001:db8::1"));
        assert!(clients.was_served(address("192.0.2.1")) && clients.was_served(address("2001:db8::ffff:1")));
        assert!(!clients.was_served(address("192.0.2.2")) && !clients.was_served(address("2001:db8:0:1::1")));
    }

    #[test]
    fn an_address_with_many_identities_is_reported_and_its_memory_is_bounded() {
        let clients = Clients::default();
        for name in 0..1000 {
            clients.note_name(address("192.0.2.1"), name);
            clients.note_name(address("192.0.2.2"), name % 50);
            clients.note_name(address(&format!("2001:db8:0:1::{name}")), name);
        }
        assert_eq!(clients.crowded(), BTreeSet::from([address("192.0.2.1"), address("2001:db8:0:1::")]));
        assert_eq!(clients.identities.get(&address("192.0.2.1")).unwrap().lock().unwrap().len(), IDENTITIES_MAX + 1);
    }
}
