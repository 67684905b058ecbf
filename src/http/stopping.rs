//! What a connection knows: its peer, and how its server stops.

use std::net::IpAddr;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where a request comes from: the client's address, also behind a listed load balancer.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// How a server stops.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    /// The stop began: readiness is false, and answers announce the end of their connection.
    pub draining: CancellationToken,
    /// How long connections are accepted after that: load balancers need a moment to notice.
    pub pause: Duration,
    /// The pause is over: the listener and quiet connections close.
    pub(super) over: CancellationToken,
}

impl Stopping {
    /// A stop that begins with this signal.
    pub fn new(draining: CancellationToken, pause: Duration) -> Self {
        Self { draining, pause, over: CancellationToken::new() }
    }
}
