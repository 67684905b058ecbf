//! The PROXY protocol, by which a listed load balancer names its client (HAProxy, proxy-protocol.txt).
//!
//! The header is obligatory from a listed address, and a fault from any other. Only the client's address is read from it.

mod error;

pub(super) use error::HeaderError;

use crate::config::{Proxy, ProxyProtocol};
use moka::sync::Cache;
use ppp::{v1, v2};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How long the header may take: a proxy sends it first.
const HEADER_MAX: Duration = Duration::from_secs(5);
/// The fixed part of version 2, before the addresses.
const FIXED_BYTES: usize = 16;
/// The addresses and further fields (TLVs) of version 2; load balancers send a few hundred bytes.
const REST_BYTES_MAX: usize = 2048;
/// The longest line of version 1, with its end.
const LINE_BYTES_MAX: usize = 107;
/// Enough bytes to recognize a header.
pub(super) const MARK_BYTES: usize = 5;
/// The same fault of one address is logged once in this time.
const LOG_AGAIN: Duration = Duration::from_secs(3600);
/// How many logged faults are remembered.
const LOGGED_MAX: u64 = 1_000;

/// The listed load balancers.
pub(super) struct Proxies {
    listed: Vec<Proxy>,
    logged: Cache<(IpAddr, String), ()>,
}

/// The client of a proxy's connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// This client.
    Client(IpAddr),
    /// The proxy itself, which checks the server's health.
    Itself,
}

impl Proxies {
    pub(super) fn new(listed: Vec<Proxy>) -> Self {
        Self { listed, logged: Cache::builder().max_capacity(LOGGED_MAX).time_to_live(LOG_AGAIN).build() }
    }

    /// The version that the proxy at this address speaks; `None` if there is no proxy.
    pub(super) fn protocol_of(&self, address: IpAddr) -> Option<ProxyProtocol> {
        self.listed.iter().find(|proxy| proxy.network.contains(address)).map(|proxy| proxy.protocol)
    }

    /// Logs a fault, once for each address.
    pub(super) fn log(&self, address: IpAddr, fault: &HeaderError) {
        if self.logged.entry((address, fault.to_string())).or_insert(()).is_fresh() {
            tracing::warn!(%address, %fault, "a connection is closed; this is logged once an hour");
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
    // A wrong beginning is an error at once: perhaps no further bytes follow.
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
    // The mark is checked first, because version 2 begins with the end of a line.
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

/// `UNKNOWN` marks connections of the proxy itself.
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
