//! The accept loop: handshakes off its path, a limit on everything, and a drain at the end.

use super::addresses::Addresses;
use super::connection::{Connection, handshake};
use super::tls::Certificate;
use crate::telemetry::SharedMetrics;
use axum::Router;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Handshakes at a time: each costs about a millisecond of processor.
const HANDSHAKES_MAX: usize = 512;
/// Connections at a time; some 50 KiB each.
const CONNECTIONS_MAX: usize = 10_000;
/// Connections at a time from one address: a CI fleet behind one gateway has hundreds, and one address alone cannot use all up.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 2_000;
/// When the process is out of file descriptors, a moment lets some come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Requests under way may end when the server stops.
pub const DRAIN_MAX: Duration = Duration::from_secs(20);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The public listener.
pub struct Edge {
    /// Where it listens.
    pub listener: TcpListener,
    /// Its certificate.
    pub certificate: Arc<Certificate>,
    /// What it serves.
    pub router: Router,
    /// What is counted.
    pub metrics: SharedMetrics,
}

impl Edge {
    /// Accepts until `stop` ends, then lets what is under way finish.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let (connections, handshakes) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Arc::new(Semaphore::new(HANDSHAKES_MAX)));
        let addresses = Addresses::new(CONNECTIONS_PER_ADDRESS_MAX);
        let (open, stopping) = (TaskTracker::new(), CancellationToken::new());
        tokio::pin!(stop);
        loop {
            let (stream, address) = tokio::select! {
                accepted = self.accept() => accepted,
                () = &mut stop => break,
            };
            // Beyond a limit a connection is closed at once: a client tries again, a queue would only grow old.
            let (Ok(permit), Some(place)) =
                (connections.clone().try_acquire_owned(), addresses.take(address.ip().to_canonical()))
            else {
                self.metrics.connections_refused.inc();
                continue;
            };
            let (certificate, handshakes, metrics) = (self.certificate.clone(), handshakes.clone(), self.metrics.clone());
            let (router, stopping) = (self.router.clone(), stopping.clone());
            open.spawn(async move {
                metrics.connections.inc();
                match handshake(stream, &certificate, &handshakes).await {
                    Some(stream) => Connection { stream, peer: Peer(place.address()), router, stopping }.serve().await,
                    None => _ = metrics.handshakes_failed.inc(),
                }
                metrics.connections.dec();
                drop((permit, place));
            });
        }
        drop(self.listener);
        stopping.cancel();
        open.close();
        if tokio::time::timeout(DRAIN_MAX, open.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }

    async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(fault) => {
                    tracing::warn!(%fault, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}
