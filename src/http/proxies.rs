//! The PROXY protocol, by which a listed load balancer says for whom it connects (HAProxy, proxy-protocol.txt).
//!
//! From a listed address the header is obligatory, from any other one it is a fault. Only addresses are read of it.

mod error;

pub(super) use error::HeaderError;

use crate::config::{Proxy, ProxyProtocol};
use moka::sync::Cache;
use ppp::{v1, v2};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The header is the first thing that a proxy sends.
const HEADER_MAX: Duration = Duration::from_secs(5);
/// What comes before addresses and further fields of version 2.
const FIXED_BYTES: usize = 16;
/// Addresses and further fields (TLVs) of version 2; load balancers send a few hundred bytes.
const REST_BYTES_MAX: usize = 2048;
/// The longest line of version 1, with its end.
const LINE_BYTES_MAX: usize = 107;
/// As much of a header as shows that it is one.
pub(super) const MARK_BYTES: usize = 5;
/// A fault of one address is told once in this time.
const TOLD_AGAIN: Duration = Duration::from_secs(3600);
/// Faults that are remembered as told.
const TOLD_MAX: u64 = 1_000;

/// The listed load balancers.
pub(super) struct Proxies {
    listed: Vec<Proxy>,
    told: Cache<(IpAddr, String), ()>,
}

/// For whom a proxy connects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// For this client.
    Client(IpAddr),
    /// For nobody: it looks at the server's health.
    Itself,
}

impl Proxies {
    pub(super) fn new(listed: Vec<Proxy>) -> Self {
        Self { listed, told: Cache::builder().max_capacity(TOLD_MAX).time_to_live(TOLD_AGAIN).build() }
    }

    /// What the proxy at this address speaks; `None` where there is none.
    pub(super) fn protocol_of(&self, address: IpAddr) -> Option<ProxyProtocol> {
        self.listed.iter().find(|proxy| proxy.network.contains(address)).map(|proxy| proxy.protocol)
    }

    /// Tells a fault, once for an address.
    pub(super) fn tell(&self, address: IpAddr, fault: &HeaderError) {
        if self.told.entry((address, fault.to_string())).or_insert(()).is_fresh() {
            tracing::warn!(%address, %fault, "a connection is closed; this is told once an hour");
        }
    }
}

/// Whether a connection begins with a header.
pub(super) fn is_header(first: &[u8]) -> bool {
    first.len() >= MARK_BYTES
        && (first.starts_with(&v2::PROTOCOL_PREFIX[..MARK_BYTES]) || first.starts_with(v1::PROTOCOL_PREFIX.as_bytes()))
}

/// Reads the header, and nothing behind it.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), protocol: ProxyProtocol) -> Result<Origin, HeaderError> {
    let read = async {
        match protocol {
            ProxyProtocol::V1 => parse_v1(&read_line(stream).await?),
            ProxyProtocol::V2 => parse_v2(&read_binary(stream).await?),
        }
    };
    tokio::time::timeout(HEADER_MAX, read).await.unwrap_or(Err(HeaderError::Late))
}

async fn read_binary(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, HeaderError> {
    let mut header = vec![0; FIXED_BYTES];
    // A wrong beginning is told at once, though no more may follow.
    stream.read_exact(&mut header[..MARK_BYTES]).await.map_err(HeaderError::CutOff)?;
    if header[..MARK_BYTES] != v2::PROTOCOL_PREFIX[..MARK_BYTES] {
        let is_v1 = header.starts_with(v1::PROTOCOL_PREFIX.as_bytes());
        return Err(if is_v1 { HeaderError::Version1 } else { HeaderError::NoHeader });
    }
    stream.read_exact(&mut header[MARK_BYTES..]).await.map_err(HeaderError::CutOff)?;
    let rest = usize::from(u16::from_be_bytes([header[FIXED_BYTES - 2], header[FIXED_BYTES - 1]]));
    if rest > REST_BYTES_MAX {
        return Err(HeaderError::TooLong);
    }
    header.resize(FIXED_BYTES + rest, 0);
    stream.read_exact(&mut header[FIXED_BYTES..]).await.map_err(HeaderError::CutOff)?;
    Ok(header)
}

async fn read_line(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, HeaderError> {
    let mut line = Vec::with_capacity(LINE_BYTES_MAX);
    // Version 2 begins with the end of a line.
    while line.len() < MARK_BYTES || !line.ends_with(b"\r\n") {
        if line.len() == LINE_BYTES_MAX || line.len() == MARK_BYTES && line != v1::PROTOCOL_PREFIX.as_bytes() {
            let is_v2 = line.starts_with(&v2::PROTOCOL_PREFIX[..MARK_BYTES]);
            return Err(if is_v2 { HeaderError::Version2 } else { HeaderError::NoHeader });
        }
        line.push(stream.read_u8().await.map_err(HeaderError::CutOff)?);
    }
    Ok(line)
}

pub(super) fn parse_v2(bytes: &[u8]) -> Result<Origin, HeaderError> {
    let header = v2::Header::try_from(bytes)?;
    match (header.command, header.protocol, header.addresses) {
        (v2::Command::Local, ..) => Ok(Origin::Itself),
        (v2::Command::Proxy, v2::Protocol::Stream, v2::Addresses::IPv4(addresses)) => Ok(client(addresses.source_address.into())),
        (v2::Command::Proxy, v2::Protocol::Stream, v2::Addresses::IPv6(addresses)) => Ok(client(addresses.source_address.into())),
        (v2::Command::Proxy, ..) => Err(HeaderError::NoClient),
    }
}

/// `UNKNOWN` is for connections of the proxy's own.
pub(super) fn parse_v1(bytes: &[u8]) -> Result<Origin, HeaderError> {
    let header = v1::Header::try_from(bytes)?;
    Ok(match header.addresses {
        v1::Addresses::Unknown => Origin::Itself,
        v1::Addresses::Tcp4(addresses) => client(addresses.source_address.into()),
        v1::Addresses::Tcp6(addresses) => client(addresses.source_address.into()),
    })
}

fn client(address: IpAddr) -> Origin {
    Origin::Client(address.to_canonical())
}

#[cfg(test)]
mod tests;
