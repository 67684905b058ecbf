//! What a connection knows of its server: who is at the other end, and how it stops.

use std::net::IpAddr;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where a request comes from: the client's address, also behind a listed load balancer.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// How a server stops.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    /// It began: readiness says no, and answers say that their connection ends.
    pub draining: CancellationToken,
    /// For how long connections are still accepted from then on: load balancers need a moment to look elsewhere.
    pub pause: Duration,
    /// The pause is over: the listener is closed, and quiet connections are.
    pub(super) over: CancellationToken,
}

impl Stopping {
    /// A stop that begins with this signal.
    pub fn new(draining: CancellationToken, pause: Duration) -> Self {
        Self { draining, pause, over: CancellationToken::new() }
    }
}
