//! One connection: its handshake, its protocol, and when it has to end.

use super::accept::Peer;
use super::activity::Activity;
use super::tls::Certificate;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// A handshake takes two round trips; a phone on a train takes a second.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
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

pub(super) async fn handshake(stream: TcpStream, certificate: &Certificate, limit: &Semaphore) -> Option<TlsStream<TcpStream>> {
    let shaken = async {
        let _permit = limit.acquire().await.ok()?;
        stream.set_nodelay(true).ok()?;
        tokio_rustls::TlsAcceptor::from(certificate.config()).accept(stream).await.ok()
    };
    tokio::time::timeout(HANDSHAKE_MAX, shaken).await.ok().flatten()
}

/// When a connection ends: for answers that would go on otherwise.
#[derive(Clone, Default)]
pub(super) struct Ending {
    /// The server stops.
    pub(super) stopping: CancellationToken,
    /// Ends the connection at once, whatever is under way on it.
    pub(super) cut: CancellationToken,
    /// For an answer that is under way for longer than its headers: a connection on which nothing is, is idle.
    pub(super) activity: Arc<Activity>,
}

/// A connection after its handshake.
pub(super) struct Connection {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) peer: Peer,
    pub(super) router: Router,
    pub(super) stopping: CancellationToken,
}

impl Connection {
    /// Serves requests until either side ends it.
    pub(super) async fn serve(self) {
        let activity = Arc::new(Activity::default());
        let (begun, router, peer) = (activity.clone(), self.router, self.peer);
        let ending = Ending { stopping: self.stopping, cut: CancellationToken::new(), activity: activity.clone() };
        let (told, cut) = (ending.clone(), ending.cut.clone());
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(told.clone());
            let (mut router, underway) = (router.clone(), begun.clone().begin());
            async move {
                let answer = router.call(request.map(axum::body::Body::new) as Request).await;
                drop(underway);
                answer
            }
        });
        let connection = builder().serve_connection(TokioIo::new(self.stream), service).into_owned();
        let leave = async {
            tokio::select! {
                () = activity.unmissed() => {}
                () = ending.stopping.cancelled() => {}
            }
        };
        tokio::pin!(connection, leave);
        tokio::select! {
            ended = &mut connection => return log_end(ended),
            () = cut.cancelled() => return,
            () = &mut leave => connection.as_mut().graceful_shutdown(),
        }
        // The goodbye says which requests were taken, so that a client may repeat the others elsewhere.
        tokio::select! {
            ended = &mut connection => log_end(ended),
            () = cut.cancelled() => {}
            () = activity.left() => {}
        }
    }
}

fn log_end(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(fault) = ended {
        tracing::debug!(%fault, "a connection ended");
    }
}

fn builder() -> Builder<TokioExecutor> {
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
    builder
}
