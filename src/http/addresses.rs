//! Which connections are open, and which are closed for new ones when there are nearly too many.

use super::activity::Activity;
use crate::words::{host, network_of};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections at a time; some 50 KiB each.
const CONNECTIONS_MAX: usize = 10_000;
/// From here on a new connection takes the place of an idle one.
const CONNECTIONS_NEARLY_ALL: usize = CONNECTIONS_MAX / 10 * 9;
/// Connections at a time from one address: a CI fleet behind one gateway has hundreds, and no address can use up all places.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 2_000;
/// The last tenth of all connections is for networks that hold fewer than this.
const CONNECTIONS_FEW: usize = 64;
/// How many of the largest networks are searched for an idle connection.
const NETWORKS_LOOKED_AT: usize = 8;

/// The connections that are open.
#[derive(Clone, Default)]
pub(super) struct Addresses {
    places: Arc<Mutex<Connections>>,
    /// How many there are.
    open: Gauge,
    /// How many were closed for others.
    shed: Counter,
}

#[derive(Default)]
struct Connections {
    total: usize,
    next: u64,
    by_address: HashMap<IpAddr, usize>,
    /// By network, oldest first.
    by_network: HashMap<IpAddr, BTreeMap<u64, Open>>,
    /// The networks by how many connections they hold.
    by_size: BTreeSet<(usize, IpAddr)>,
}

struct Open {
    address: IpAddr,
    activity: Arc<Activity>,
}

/// One connection's place. It is given back when it is dropped, or earlier when another connection takes it.
pub(super) struct ConnectionSlot {
    addresses: Addresses,
    number: u64,
    address: IpAddr,
    activity: Arc<Activity>,
}

impl Addresses {
    pub(super) fn new(open: Gauge, shed: Counter) -> Self {
        Self { places: Arc::default(), open, shed }
    }

    /// A place for this address, unless the address holds its share already. When nearly all places are taken, an idle connection
    /// of one of the largest networks is closed for it. If there is none, only networks with few connections get a place.
    pub(super) fn take(&self, address: IpAddr) -> Option<ConnectionSlot> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.of_address(address) >= CONNECTIONS_PER_ADDRESS_MAX {
            return None;
        }
        if places.total >= CONNECTIONS_NEARLY_ALL {
            let is_small = places.by_network.get(&network_of(address)).map_or(0, BTreeMap::len) < CONNECTIONS_FEW;
            if places.make_room() {
                self.shed.inc();
            } else if !is_small || places.total >= CONNECTIONS_MAX {
                return None;
            }
        }
        self.open.inc();
        let activity = Arc::<Activity>::default();
        let number = places.add(address, activity.clone());
        Some(ConnectionSlot { addresses: self.clone(), number, address, activity })
    }
}

impl Connections {
    fn of_address(&self, address: IpAddr) -> usize {
        self.by_address.get(&host(address)).copied().unwrap_or_default()
    }

    fn add(&mut self, address: IpAddr, activity: Arc<Activity>) -> u64 {
        self.next += 1;
        self.total += 1;
        *self.by_address.entry(host(address)).or_default() += 1;
        let network = self.by_network.entry(network_of(address)).or_default();
        self.by_size.remove(&(network.len(), network_of(address)));
        network.insert(self.next, Open { address, activity });
        self.by_size.insert((network.len(), network_of(address)));
        self.next
    }

    /// Ends the oldest idle connection of the largest network that has one, and frees its place.
    fn make_room(&mut self) -> bool {
        let idle = self.by_size.iter().rev().take(NETWORKS_LOOKED_AT).find_map(|(_, network)| {
            let open = self.by_network.get(network)?;
            open.iter().find(|(_, open)| open.activity.is_idle()).map(|(number, open)| (*number, open.address))
        });
        let Some((number, address)) = idle else { return false };
        if let Some(open) = self.remove(number, address) {
            open.activity.ask_to_close();
        }
        true
    }

    fn remove(&mut self, number: u64, address: IpAddr) -> Option<Open> {
        let network = self.by_network.get_mut(&network_of(address))?;
        let open = network.remove(&number)?;
        let left = network.len();
        self.by_size.remove(&(left + 1, network_of(address)));
        if left == 0 {
            self.by_network.remove(&network_of(address));
        } else {
            self.by_size.insert((left, network_of(address)));
        }
        self.total -= 1;
        if let Some(count) = self.by_address.get_mut(&host(address)) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&host(address));
            }
        }
        Some(open)
    }
}

impl ConnectionSlot {
    /// Whose it is.
    pub(super) const fn address(&self) -> IpAddr {
        self.address
    }

    /// The connection's activity.
    pub(super) const fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.addresses.open.dec();
        self.addresses.places.lock().unwrap_or_else(PoisonError::into_inner).remove(self.number, self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(network: u8, host: u8) -> IpAddr {
        IpAddr::from([10, 0, network, host])
    }

    fn many(addresses: &Addresses, from: IpAddr) -> Vec<ConnectionSlot> {
        std::iter::from_fn(|| addresses.take(from)).take(CONNECTIONS_PER_ADDRESS_MAX + 1).collect()
    }

    #[test]
    fn an_address_gets_no_more_than_its_share_and_gets_it_back() {
        let addresses = Addresses::default();
        let places = many(&addresses, address(1, 1));
        assert_eq!(places.len(), CONNECTIONS_PER_ADDRESS_MAX);
        assert!(addresses.take(address(1, 1)).is_none() && addresses.take(address(2, 1)).is_some());
        drop(places);
        assert!(addresses.take(address(1, 1)).is_some());
        let left = addresses.places.lock().unwrap();
        assert!(left.total == 0 && left.by_address.is_empty(), "nobody is remembered who is gone");
        assert!(left.by_network.is_empty() && left.by_size.is_empty());
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let addresses = Addresses::default();
        let places: Vec<ConnectionSlot> =
            (0..).map_while(|host: u16| addresses.take(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]))).collect();
        assert_eq!(places.len(), CONNECTIONS_PER_ADDRESS_MAX);
    }

    #[test]
    fn idle_connections_of_those_who_hold_most_make_room() {
        let addresses = Addresses::default();
        let small = addresses.take(address(99, 1)).unwrap();
        let networks: Vec<Vec<ConnectionSlot>> = (1..=5).map(|network| many(&addresses, address(network, 1))).collect();
        assert_eq!(addresses.places.lock().unwrap().total, CONNECTIONS_NEARLY_ALL, "five addresses fill no more than this");
        let others: Vec<ConnectionSlot> = (0..2000)
            .filter_map(|number: u16| addresses.take(IpAddr::from([10, 1, (number >> 8) as u8, number as u8])))
            .collect();
        assert_eq!(others.len(), 2000, "everybody else is let in");
        let ended = |places: &[ConnectionSlot]| places.iter().filter(|place| place.activity.is_asked_to_close()).count();
        let of_the_five: usize = networks.iter().map(|places| ended(places)).sum();
        assert!(of_the_five >= 2000 && ended(&others) == 0 && !small.activity.is_asked_to_close(), "{of_the_five} of the five");
        drop((networks, others, small));
        assert_eq!(addresses.places.lock().unwrap().total, 0);
    }

    #[test]
    fn without_idle_connections_the_last_tenth_is_for_networks_that_hold_few() {
        let addresses = Addresses::default();
        let mut busy = Vec::new();
        for network in 1..=5 {
            for place in std::iter::from_fn(|| addresses.take(address(network, 1))).take(2000) {
                busy.push((place.activity.clone().begin(), place));
            }
        }
        assert_eq!(busy.len(), CONNECTIONS_NEARLY_ALL);
        let few: Vec<ConnectionSlot> = (0..100).filter_map(|host| addresses.take(address(50, host))).collect();
        assert!(few.len() >= CONNECTIONS_FEW, "{}", few.len());
        assert!(busy.iter().all(|(_, place)| !place.activity.is_asked_to_close()), "a request under way is never cut for it");
    }
}
