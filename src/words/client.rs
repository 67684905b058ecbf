//! What counts as one client. Only the same client can retry a request, and a token that one client used serves no other.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv6 host has its own /64, and changes its address within it while it runs (RFC 8981).
const HOST_BITS: u32 = 64;

/// One client, as the replay check distinguishes them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Client {
    /// The holder of a key, at any address. This is the key's thumbprint (RFC 7638).
    Key(String),
    /// An IPv4 address.
    Address(Ipv4Addr),
    /// A /64 of IPv6, by its first address. A link-local address counts in full, because all hosts of a link share its /64.
    Network(Ipv6Addr),
    /// A pool of addresses that the operator assigned to one tenant.
    Egress(String),
}

impl Client {
    /// The client at this address, if it is in no pool.
    pub fn at(address: IpAddr) -> Self {
        match host(address) {
            IpAddr::V4(address) => Self::Address(address),
            IpAddr::V6(first) => Self::Network(first),
        }
    }
}

/// The address that stands for all addresses of a host. Limits and counts use it.
pub fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(embedded) => IpAddr::V4(embedded),
            None if address.is_unicast_link_local() => IpAddr::V6(address),
            None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> HOST_BITS << HOST_BITS)),
        },
    }
}

/// The network that usually belongs to one holder: a /24 of IPv4, or a /48 of IPv6.
pub fn network_of(address: IpAddr) -> IpAddr {
    match host(address) {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() >> 8 << 8)),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 80 << 80)),
    }
}

/// The IPv4 address within an address of the well-known translation prefix (RFC 6052). All of these share one /64.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    ([a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0]).then(|| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(thumbprint) => write!(f, "key {thumbprint}"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Network(first) if first.is_unicast_link_local() => write!(f, "{first}"),
            Self::Network(first) => write!(f, "{first}/{HOST_BITS}"),
            Self::Egress(name) => write!(f, "egress {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> String {
        Client::at(address.parse().unwrap()).to_string()
    }

    #[test]
    fn a_network_is_what_one_holder_has() {
        let of = |address: &str| network_of(address.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.77"), "192.0.2.0");
        assert_eq!(of("2001:db8:1:2:3::"), "2001:db8:1::");
        assert_eq!(of("64:ff9b::192.0.2.77"), "192.0.2.0");
    }

    #[test]
    fn a_privacy_address_is_the_same_client_and_a_neighbour_is_another() {
        assert_eq!(at("2001:db8:1:2::10"), "2001:db8:1:2::/64");
        assert_eq!(at("2001:db8:1:2:a1b2:c3d4:e5f6:1"), at("2001:db8:1:2::10"));
        assert_ne!(at("2001:db8:1:3::10"), at("2001:db8:1:2::10"));
        assert_eq!(at("::ffff:192.0.2.1"), "192.0.2.1");
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_eq!(at("64:ff9b::192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("64:ff9b::192.0.2.1"), at("64:ff9b::192.0.2.2"));
        assert_ne!(at("fe80::1"), at("fe80::2"), "hosts of one link");
    }
}
