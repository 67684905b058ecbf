//! `egress` in `daypass.yaml`: pools of addresses that the jobs of one tenant share, and no other jobs use.

use super::error::NAME_LENGTH_MAX;
use super::error::PoolError;
use crate::issuers::Network;
use crate::words::Client;
use crate::words::yaml::{Fields, Node};
use std::net::IpAddr;

/// A NAT gateway has some addresses, a large one dozens. Within a pool a stolen token works, so a pool stays small.
const CLIENTS_PER_POOL_MAX: u128 = 256;
/// Each request compares its address with all of them.
const POOLS_MAX: usize = 64;

/// The pools.
#[derive(Clone, Default, Debug)]
pub struct Egress(Vec<Pool>);

#[derive(Clone, Debug)]
struct Pool {
    name: String,
    networks: Vec<Network>,
}

impl Egress {
    /// The client at this address: the address's pool, if it is in one.
    pub fn client(&self, address: IpAddr) -> Client {
        let address = address.to_canonical();
        let pool = self.0.iter().find(|pool| pool.networks.iter().any(|network| network.contains(address)));
        pool.map_or_else(|| Client::at(address), |pool| Client::Egress(pool.name.clone()))
    }
}

/// Absent: each address is a client of its own.
pub(super) fn read(fields: &mut Fields<'_, '_>) -> Egress {
    let Some(list) = fields.optional("egress") else { return Egress::default() };
    let nodes = fields.one_or_many(list);
    if nodes.len() > POOLS_MAX {
        fields.fault(list.place, format!("more than {POOLS_MAX} pools"));
        return Egress::default();
    }
    let mut pools: Vec<Pool> = Vec::new();
    for node in nodes {
        let Some(pool) = read_pool(fields, node) else { continue };
        if pools.iter().any(|other| other.name == pool.name) {
            fields.fault(node.place, format!("two pools are called `{}`", pool.name));
        }
        let overlaps = |other: &&Pool| other.networks.iter().any(|one| pool.networks.iter().any(|two| one.overlaps(two)));
        if let Some(other) = pools.iter().find(overlaps) {
            fields
                .fault(node.place, format!("`{}` has addresses of `{}`: an address belongs to one pool", pool.name, other.name));
        }
        pools.push(pool);
    }
    Egress(pools)
}

fn read_pool<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Pool> {
    let mut inner = fields.below(node);
    let name = inner.required("name").and_then(|node| inner.parsed(node, check_name));
    let mut networks = Vec::new();
    let list = inner.required("networks");
    for node in list.map(|list| inner.one_or_many(list)).unwrap_or_default() {
        networks.extend(inner.parsed(node, read_network));
    }
    inner.finish();
    let list = list?;
    if networks.is_empty() {
        fields.fault(list.place, "a pool names at least one network");
    }
    if networks.iter().filter_map(Network::clients).sum::<u128>() > CLIENTS_PER_POOL_MAX {
        fields.fault(
            list.place,
            format!("a pool has at most {CLIENTS_PER_POOL_MAX} addresses of IPv4 or /64 networks of IPv6: a token that is stolen within a pool works there"),
        );
    }
    Some(Pool { name: name?, networks })
}

fn check_name(text: &str) -> Result<String, PoolError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = (1..=NAME_LENGTH_MAX).contains(&text.len()) && text.bytes().all(fits);
    if good { Ok(text.to_owned()) } else { Err(PoolError::Name) }
}

fn read_network(text: &str) -> Result<Network, PoolError> {
    let (network, written) = (Network::parse(text)?, || text.to_owned());
    if !network.is_by_its_first_address() {
        return Err(PoolError::NotFirstAddress { network: written() });
    }
    match network.clients() {
        Some(clients) if clients <= CLIENTS_PER_POOL_MAX => Ok(network),
        Some(_) => Err(PoolError::TooLarge { network: written() }),
        None => Err(PoolError::PartOfClient { network: written() }),
    }
}

#[cfg(test)]
mod tests;
