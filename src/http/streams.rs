//! Limits the open streams: in all, for each address (for IPv6 each /64), and for each token.

use crate::words::Client;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Half of all connections: streams leave room for requests.
const STREAMS_MAX: usize = 5_000;
/// Half of the connections of one address: a cluster's nodes may be behind one gateway.
const STREAMS_PER_ADDRESS_MAX: usize = 1_000;
/// A sidecar has one stream for its token, and a second one while a broken connection is not noticed. Twice that leaves room for
/// a second sidecar.
const STREAMS_PER_TOKEN_MAX: usize = 4;

/// A token's identifier.
type Token = [u8; 32];

/// The streams that are open.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<StreamCounts>>);

#[derive(Default)]
struct StreamCounts {
    all: usize,
    by_address: HashMap<Client, usize>,
    by_token: HashMap<Token, usize>,
}

/// One stream's slot; it is freed when it is dropped.
pub(super) struct StreamSlot {
    streams: Streams,
    address: Client,
    token: Token,
}

impl Streams {
    /// A slot, unless all are taken, or the address or the token has its share.
    pub(super) fn take(&self, address: IpAddr, token: Token) -> Option<StreamSlot> {
        let address = Client::at(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = counts.by_address.get(&address).copied().unwrap_or_default();
        let of_token = counts.by_token.get(&token).copied().unwrap_or_default();
        if counts.all >= STREAMS_MAX || of_address >= STREAMS_PER_ADDRESS_MAX || of_token >= STREAMS_PER_TOKEN_MAX {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address.clone(), of_address + 1);
        counts.by_token.insert(token, of_token + 1);
        Some(StreamSlot { streams: self.clone(), address, token })
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut counts = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        decrement(&mut counts.by_address, &self.address);
        decrement(&mut counts.by_token, &self.token);
    }
}

fn decrement<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn token(number: usize) -> Token {
        let mut token = [0; 32];
        token[..8].copy_from_slice(&number.to_be_bytes());
        token
    }

    #[test]
    fn an_ipv6_host_has_one_share_whatever_address_it_takes() {
        let streams = Streams::default();
        let of_one_host = |number: usize| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, number as u16]);
        let places: Vec<StreamSlot> =
            (0..STREAMS_PER_ADDRESS_MAX).filter_map(|number| streams.take(of_one_host(number), token(number))).collect();
        assert_eq!(places.len(), STREAMS_PER_ADDRESS_MAX);
        assert!(streams.take(of_one_host(STREAMS_PER_ADDRESS_MAX), token(STREAMS_MAX)).is_none());
        assert!(streams.take(IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1]), token(STREAMS_MAX)).is_some());
    }

    #[test]
    fn hosts_behind_a_translator_to_ipv4_are_many() {
        let streams = Streams::default();
        let translated = |number: u16| IpAddr::from([0x64, 0xff9b, 0, 0, 0, 0, 0xc000, number]);
        assert_eq!(
            (0..2000).filter_map(|number| streams.take(translated(number), token(usize::from(number)))).collect::<Vec<_>>().len(),
            2000
        );
    }

    #[test]
    fn a_token_an_address_and_all_together_have_a_limit() {
        let streams = Streams::default();
        let places: Vec<StreamSlot> = (0..STREAMS_PER_TOKEN_MAX).filter_map(|_| streams.take(HERE, token(0))).collect();
        assert!(places.len() == STREAMS_PER_TOKEN_MAX && streams.take(HERE, token(0)).is_none());
        drop(places);
        let places: Vec<StreamSlot> =
            (0..STREAMS_PER_ADDRESS_MAX).filter_map(|number| streams.take(HERE, token(number))).collect();
        assert!(places.len() == STREAMS_PER_ADDRESS_MAX && streams.take(HERE, token(STREAMS_MAX)).is_none());
        let other = |number: usize| IpAddr::from([10, 0, (number >> 8) as u8, number as u8]);
        let more: Vec<StreamSlot> = (0..).map_while(|number| streams.take(other(number), token(STREAMS_MAX + number))).collect();
        assert_eq!(places.len() + more.len(), STREAMS_MAX);
        drop((places, more));
        let left = streams.0.lock().unwrap();
        assert!(left.all == 0 && left.by_address.is_empty() && left.by_token.is_empty(), "nobody is remembered who is gone");
    }
}
