//! How many connections each address has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts per address, bounded by the number of connections there are.
#[derive(Clone)]
pub(super) struct Addresses {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    limit: usize,
}

/// One connection's place; given back when it is dropped.
pub(super) struct Place {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    pub(super) fn new(limit: usize) -> Self {
        Self { held: Arc::default(), limit }
    }

    /// A place for this address, unless it has its share already.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place { addresses: self.clone(), address })
    }
}

impl Place {
    /// Whose it is.
    pub(super) const fn address(&self) -> IpAddr {
        self.address
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.addresses.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_share_back_and_no_more() {
        let addresses = Addresses::new(2);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let held = (addresses.take(one).unwrap(), addresses.take(one).unwrap());
        assert!(addresses.take(one).is_none() && addresses.take(other).is_some());
        drop(held);
        assert!(addresses.take(one).is_some());
        assert!(addresses.held.lock().unwrap().is_empty(), "nobody is remembered who is gone");
    }
}
