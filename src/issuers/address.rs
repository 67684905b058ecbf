//! Which addresses an issuer may have: public ones, or those in the networks that the operator names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A text that is no network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a network such as 10.0.0.0/8")]
pub struct NetworkError;

/// A network in CIDR notation (RFC 4632), such as `10.0.0.0/8`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Parses it.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let (base, bits) = text.split_once('/').ok_or(NetworkError)?;
        let base: IpAddr = base.parse().map_err(|_| NetworkError)?;
        let bits: u8 = bits.parse().map_err(|_| NetworkError)?;
        if bits > if base.is_ipv4() { 32 } else { 128 } {
            return Err(NetworkError);
        }
        Ok(Self { base, bits })
    }

    /// The network of this single address.
    pub const fn of_address(address: IpAddr) -> Self {
        Self { base: address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// The length of its prefix, in bits.
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether it is a network of IPv4.
    pub const fn is_v4(&self) -> bool {
        self.base.is_ipv4()
    }

    /// Whether its address in CIDR notation is its first one.
    pub fn is_by_its_first_address(&self) -> bool {
        let (bits, width) = self.written();
        let host = width - u32::from(self.bits);
        bits.checked_shr(host).unwrap_or(0).checked_shl(host).unwrap_or(0) == bits
    }

    /// How many clients may be in it: IPv4 addresses, or /64 networks of IPv6. `None` if it is smaller than one client.
    pub fn clients(&self) -> Option<u128> {
        let client_bits: u32 = if self.base.is_ipv4() { 32 } else { 64 };
        client_bits.checked_sub(u32::from(self.bits)).map(|host| 1 << host)
    }

    /// Whether the two have an address in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.base) || other.contains(self.base)
    }

    fn written(&self) -> (u128, u32) {
        match self.base {
            IpAddr::V4(base) => (base.to_bits().into(), 32),
            IpAddr::V6(base) => (base.to_bits(), 128),
        }
    }

    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                shifted(base.to_bits().into(), 32, self.bits) == shifted(address.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                shifted(base.to_bits(), 128, self.bits) == shifted(address.to_bits(), 128, self.bits)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

fn shifted(address: u128, width: u32, bits: u8) -> u128 {
    address.checked_shr(width - u32::from(bits)).unwrap_or(0)
}

/// Whether an issuer may be at this address.
pub(super) fn is_allowed(address: IpAddr, networks: &[Network]) -> bool {
    let address = address.to_canonical();
    if networks.is_empty() { is_public(address) } else { networks.iter().any(|network| network.contains(address)) }
}

/// Whether the address is on the public Internet (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = (a, b, c) == (192, 0, 0) || (a == 198 && (b == 18 || b == 19)) || a == 0 || a >= 224;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || shared
        || protocol)
}

/// Global unicast only, without the forms that carry an IPv4 address inside (NAT64, 6to4, Teredo) and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let carries_v4 = segments[0] == 0x2002 || (segments[0] == 0x2001 && segments[1] < 0x0200);
    (segments[0] & 0xe000) == 0x2000 && !carries_v4 && !(segments[0] == 0x2001 && segments[1] == 0x0db8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_unless_the_operator_names_networks() {
        let private = "127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 169.254.170.2 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 :: fd00:ec2::254 fe80::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 2001:db8::1";
        for address in private.split(' ') {
            assert!(!is_allowed(address.parse().unwrap(), &[]), "{address}");
        }
        for address in ["140.82.112.3", "2606:50c0:8000::153"] {
            assert!(is_allowed(address.parse().unwrap(), &[]), "{address}");
        }
        let networks = [Network::parse("10.0.0.0/8").unwrap(), Network::parse("fd00::/8").unwrap()];
        assert!(is_allowed("10.1.2.3".parse().unwrap(), &networks));
        assert!(is_allowed("::ffff:10.1.2.3".parse().unwrap(), &networks));
        assert!(!is_allowed("11.1.2.3".parse().unwrap(), &networks));
        assert!(!is_allowed("140.82.112.3".parse().unwrap(), &networks));
        assert!(Network::parse("10.0.0.0/33").is_err() && Network::parse("x/8").is_err());
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("9.9.9.9".parse().unwrap()));
    }
}
