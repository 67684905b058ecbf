//! The `proxies` of `daypass.yaml`: the load balancers that name their client by the PROXY protocol.

use super::error::ValueError;
use crate::issuers::Network;
use crate::words::yaml::{Fields, Node, Yaml};
use std::net::IpAddr;

/// Whoever is in such a network can claim to be anybody, so it holds no more than a few machines: 16 addresses of IPv4.
const BITS_MIN_V4: u8 = 28;
/// The same for IPv6.
const BITS_MIN_V6: u8 = 124;

/// A load balancer, or a network of them.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// From where it connects.
    pub network: Network,
    /// Which version it speaks.
    pub protocol: ProxyProtocol,
}

/// The versions of the PROXY protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProxyProtocol {
    /// A line of text: the only one that nginx sends.
    V1,
    /// The binary form.
    V2,
}

/// `[10.0.0.7, { address: 10.0.4.0/24, reason: "…", protocol: v1 }]`.
pub(super) fn read(fields: &mut Fields<'_, '_>) -> Vec<Proxy> {
    let Some(list) = fields.optional("proxies") else { return Vec::new() };
    fields.one_or_many(list).iter().filter_map(|node| proxy(fields, node)).collect()
}

fn proxy<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Proxy> {
    let (network, protocol, reason) = if matches!(node.value, Yaml::Mapping(_)) {
        let mut inner = fields.below(node);
        let network = inner.required("address").and_then(|node| inner.parsed(node, network));
        let protocol = inner.optional("protocol").map_or(Some(ProxyProtocol::V2), |node| inner.parsed(node, protocol));
        let reason = inner.optional("reason").and_then(|node| inner.text(node)).is_some_and(|reason| !reason.trim().is_empty());
        inner.finish();
        (network, protocol, reason)
    } else {
        (fields.parsed(node, network), Some(ProxyProtocol::V2), false)
    };
    let network = network?;
    let bits_min = if network.is_v4() { BITS_MIN_V4 } else { BITS_MIN_V6 };
    if network.bits() < bits_min && !reason {
        let fault = format!("whoever is in {network} could claim any address: a network wider than /{bits_min} needs a `reason`");
        fields.fault(node.place, fault);
    }
    Some(Proxy { network, protocol: protocol? })
}

/// An address, or a network.
fn network(text: &str) -> Result<Network, ValueError> {
    let whole = |address: IpAddr| Network::of_address(address.to_canonical());
    match text.parse() {
        Ok(address) => Ok(whole(address)),
        Err(_) => Network::parse(text).map_err(|_| ValueError::Balancer),
    }
}

fn protocol(text: &str) -> Result<ProxyProtocol, ValueError> {
    match text {
        "v1" => Ok(ProxyProtocol::V1),
        "v2" => Ok(ProxyProtocol::V2),
        _ => Err(ValueError::ProxyProtocol),
    }
}
