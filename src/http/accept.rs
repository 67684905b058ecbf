//! The accept loop: handshakes off its path, a limit on everything, and a drain at the end.

use super::tls::Certificate;
use crate::telemetry::SharedMetrics;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

/// A handshake takes two round trips; a phone on a train takes a second.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Handshakes at a time: each costs about a millisecond of processor.
const HANDSHAKES_MAX: usize = 512;
/// Connections at a time; some 50 KiB each.
const CONNECTIONS_MAX: usize = 10_000;
/// From the first byte of a request to the end of its headers.
const HEADERS_MAX: Duration = Duration::from_secs(10);
/// The largest token is 16 KiB; everything else in a header is small.
const HEADER_BYTES_MAX: u32 = 32 * 1024;
/// Requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// Resets that a peer may have pending (CVE-2023-44487).
const RESETS_MAX: usize = 32;
/// An idle HTTP/2 peer is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
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
        let graceful = GracefulShutdown::new();
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut stop => break,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(fault) => {
                    tracing::warn!(%fault, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            // Beyond the limit a connection is closed at once: a client tries again, a queue would only grow old.
            let Ok(permit) = connections.clone().try_acquire_owned() else { continue };
            let (certificate, handshakes) = (self.certificate.clone(), handshakes.clone());
            let (router, metrics, watcher) = (self.router.clone(), self.metrics.clone(), graceful.watcher());
            tokio::spawn(async move {
                metrics.connections.inc();
                match handshake(stream, &certificate, &handshakes).await {
                    Some(stream) => speak(stream, address, router, watcher).await,
                    None => _ = metrics.handshakes_failed.inc(),
                }
                metrics.connections.dec();
                drop(permit);
            });
        }
        drop(self.listener);
        if tokio::time::timeout(DRAIN_MAX, graceful.shutdown()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }
}

async fn handshake(
    stream: TcpStream,
    certificate: &Certificate,
    limit: &Semaphore,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let shaken = async {
        let _permit = limit.acquire().await.ok()?;
        stream.set_nodelay(true).ok()?;
        tokio_rustls::TlsAcceptor::from(certificate.config()).accept(stream).await.ok()
    };
    tokio::time::timeout(HANDSHAKE_MAX, shaken).await.ok().flatten()
}

async fn speak(stream: tokio_rustls::server::TlsStream<TcpStream>, address: SocketAddr, router: Router, watcher: Watcher) {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(address.ip().to_canonical()));
        let mut router = router.clone();
        async move { router.call(request.map(axum::body::Body::new) as Request).await }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_MAX).max_buf_size(HEADER_BYTES_MAX as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    if let Err(fault) = watcher.watch(connection).await {
        tracing::debug!(%fault, "a connection ended");
    }
}
