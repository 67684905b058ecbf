//! The accept loop. It does nothing slow itself, everything has a limit, and at the end it drains.

use super::addresses::{Addresses, ConnectionSlot};
use super::connection::Connection;
use super::handshakes::Handshakes;
use super::proxies::{self, HeaderError, Origin, Proxies};
use super::stopping::{Peer, Stopping};
use super::tls::Certificate;
use crate::app::Clients;
use crate::config::{Proxy, ProxyProtocol};
use crate::telemetry::SharedMetrics;
use axum::Router;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// Connections of load balancers whose PROXY header has not arrived yet.
const HEADERS_AWAITED_MAX: usize = 1_000;
/// The connections that the kernel queues for the listener (tokio's backlog). They are accepted before it closes.
const BACKLOG: usize = 1_024;
/// The pause after a failed accept: a process without free file descriptors may get some back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long requests under way may last after the server stops.
pub const DRAIN_MAX: Duration = Duration::from_secs(20);

/// The public listener.
pub struct PublicListener {
    /// Where it listens.
    pub listener: TcpListener,
    /// Its certificate.
    pub certificate: Arc<Certificate>,
    /// What it serves.
    pub router: Router,
    /// The metrics.
    pub metrics: SharedMetrics,
    /// The known clients.
    pub clients: Arc<Clients>,
    /// The load balancers that say for whom they connect.
    pub proxies: Vec<Proxy>,
    /// What these load balancers get on connections of their own.
    pub health: Router,
    /// How it stops.
    pub stopping: Stopping,
}

/// What every connection needs.
struct Shared {
    certificate: Arc<Certificate>,
    router: Router,
    health: Router,
    metrics: SharedMetrics,
    addresses: Addresses,
    handshakes: Handshakes,
    proxies: Proxies,
    headers_awaited: Arc<Semaphore>,
    stopping: Stopping,
    open: TaskTracker,
}

impl PublicListener {
    /// Accepts until `stop` ends and the pause after it is over, then lets the connections under way finish.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Self { listener, certificate, router, metrics, clients, proxies, health, stopping } = self;
        let (handshakes, proxies, open) = (Handshakes::new(clients), Proxies::new(proxies), TaskTracker::new());
        let headers_awaited = Arc::new(Semaphore::new(HEADERS_AWAITED_MAX));
        let addresses = Addresses::new(metrics.connections.clone(), metrics.connections_shed.clone());
        let shared = Arc::new(Shared {
            certificate,
            router,
            health,
            metrics,
            addresses,
            handshakes,
            proxies,
            headers_awaited,
            stopping,
            open,
        });
        let Stopping { draining, pause, over } = shared.stopping.clone();
        tokio::select! {
            () = shared.accept_all(&listener) => {}
            () = stop => draining.cancel(),
        }
        let _ = tokio::time::timeout(pause, shared.accept_all(&listener)).await;
        for _ in 0..BACKLOG {
            let Ok((stream, address)) = tokio::time::timeout(Duration::ZERO, accept(&listener)).await else { break };
            shared.admit(stream, address);
        }
        drop(listener);
        over.cancel();
        shared.open.close();
        if tokio::time::timeout(DRAIN_MAX, shared.open.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(fault) => {
                tracing::warn!(%fault, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Shared {
    async fn accept_all(self: &Arc<Self>, listener: &TcpListener) {
        loop {
            let (stream, address) = accept(listener).await;
            self.admit(stream, address);
        }
    }

    /// Closes a connection above a limit at once: the client tries again, and a queue would serve only clients that gave up.
    fn admit(self: &Arc<Self>, stream: TcpStream, address: SocketAddr) {
        let (shared, address) = (self.clone(), address.ip().to_canonical());
        match self.proxies.protocol_of(address) {
            Some(protocol) => match self.headers_awaited.clone().try_acquire_owned() {
                Ok(permit) => _ = self.open.spawn(async move { shared.serve_proxied(stream, address, protocol, permit).await }),
                Err(_) => _ = self.metrics.connections_refused.inc(),
            },
            None => {
                if let Some(place) = self.place(address) {
                    self.open.spawn(async move { shared.serve_direct(stream, place).await });
                }
            }
        }
    }

    fn place(&self, address: IpAddr) -> Option<ConnectionSlot> {
        let place = self.addresses.take(address);
        if place.is_none() {
            self.metrics.connections_refused.inc();
        }
        place
    }

    /// A listed load balancer first names its client.
    async fn serve_proxied<P>(&self, mut stream: TcpStream, proxy: IpAddr, protocol: ProxyProtocol, awaited: P) {
        let read = proxies::read(&mut stream, protocol).await;
        drop(awaited);
        let (address, router) = match read {
            Ok(Origin::Client(address)) => (address, self.router.clone()),
            Ok(Origin::Itself) => (proxy, self.health.clone()),
            Err(fault) => {
                self.metrics.proxy_faults.inc();
                return self.proxies.log(proxy, &fault);
            }
        };
        if let Some(place) = self.place(address) {
            self.serve(stream, place, router).await;
        }
    }

    /// A peer that is not listed may not send a PROXY header.
    async fn serve_direct(&self, stream: TcpStream, place: ConnectionSlot) {
        let mut first = [0; proxies::MARK_BYTES];
        let peeked = tokio::select! {
            peeked = stream.peek(&mut first) => peeked,
            () = place.activity().has_to_make_room() => Ok(0),
            () = tokio::time::sleep(super::handshakes::HANDSHAKE_MAX) => Ok(0),
        };
        match peeked {
            Ok(bytes @ 1..) if proxies::is_header(&first[..bytes]) => {
                self.metrics.proxy_faults.inc();
                self.proxies.log(place.address(), &HeaderError::NotListed);
            }
            Ok(1..) => self.serve(stream, place, self.router.clone()).await,
            Ok(0) | Err(_) => _ = self.metrics.handshakes_failed.inc(),
        }
    }

    async fn serve(&self, stream: TcpStream, place: ConnectionSlot, router: Router) {
        let activity = place.activity().clone();
        let shaken = tokio::select! {
            shaken = self.handshakes.accept(stream, || self.certificate.config(), place.address()) => shaken,
            () = activity.has_to_make_room() => None,
        };
        match shaken {
            Some(stream) => {
                let (peer, stopping) = (Peer(place.address()), self.stopping.clone());
                Connection { stream, peer, router, stopping, activity }.serve().await;
            }
            None => _ = self.metrics.handshakes_failed.inc(),
        }
    }
}
