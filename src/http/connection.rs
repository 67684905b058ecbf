//! One connection after its handshake: its protocol, and when it has to end.

use super::activity::Activity;
use super::rest;
use super::stopping::{Peer, Stopping};
use super::watched::WatchedStream;
use axum::Router;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// From the first byte of a request to the end of its headers.
const HEADERS_MAX: Duration = Duration::from_secs(10);
/// The largest token is 16 KiB; everything else in a header is small.
const HEADER_BYTES_MAX: u32 = 32 * 1024;
/// Requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// Resets that a peer may have pending (CVE-2023-44487).
const RESETS_MAX: usize = 32;
/// How often an idle HTTP/2 peer is pinged, and how long it may take to answer.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// When a connection ends, for answers that would otherwise not end.
#[derive(Clone, Default)]
pub(super) struct ConnectionEnd {
    /// The server stops.
    pub(super) stopping: CancellationToken,
    /// Ends the connection at once, whatever is under way on it.
    pub(super) cut: CancellationToken,
    /// For an answer whose body takes long: it marks the connection as in use.
    pub(super) activity: Arc<Activity>,
}

/// A connection after its handshake.
pub(super) struct Connection {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) peer: Peer,
    pub(super) router: Router,
    pub(super) stopping: Stopping,
    pub(super) activity: Arc<Activity>,
}

impl Connection {
    /// Serves requests until either side ends it.
    pub(super) async fn serve(self) {
        let Self { stream, peer, router, stopping, activity } = self;
        let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let came_late = stopping.draining.is_cancelled();
        let (begun, draining) = (activity.clone(), stopping.draining.clone());
        let ending = ConnectionEnd { stopping: draining.clone(), cut: CancellationToken::new(), activity: activity.clone() };
        let (extension, cut) = (ending.clone(), ending.cut.clone());
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(extension.clone());
            let (mut router, underway, draining) = (router.clone(), begun.clone().begin(), draining.clone());
            let version = request.version();
            async move {
                let mut answer = router.call(rest::read_to_the_end(request)).await;
                if let Ok(answer) = &mut answer
                    && draining.is_cancelled()
                    && version < Version::HTTP_2
                {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                drop(underway);
                answer
            }
        });
        let io = TokioIo::new(WatchedStream { stream, activity: activity.clone() });
        let connection = builder().serve_connection(io, service).into_owned();
        let leave = async {
            tokio::select! {
                () = activity.until_unused() => {}
                () = activity.has_to_make_room() => {}
                // HTTP/2 says which requests the server took, so that a client may repeat the others elsewhere. A connection that
                // came during the pause first gets its first request answered.
                () = stopping.draining.cancelled(), if speaks_http2 && !came_late => {}
                () = stopping.over.cancelled() => {
                    if !speaks_http2 {
                        activity.quiet(HEADERS_MAX).await;
                    }
                }
            }
        };
        tokio::pin!(connection, leave);
        tokio::select! {
            biased;
            ended = &mut connection => return log_end(ended),
            () = cut.cancelled() => return,
            () = &mut leave => connection.as_mut().graceful_shutdown(),
        }
        if let Some(ended) = leave_open(connection, &cut, &activity).await {
            log_end(ended);
        }
    }
}

/// Leaves the connection open for a moment after its graceful shutdown began. The connection comes first: if the process was held up,
/// that moment may be over while a request waits that has arrived within it.
async fn leave_open<T>(connection: impl Future<Output = T>, cut: &CancellationToken, activity: &Activity) -> Option<T> {
    tokio::select! {
        biased;
        ended = connection => Some(ended),
        () = cut.cancelled() => None,
        () = activity.left() => None,
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

#[cfg(test)]
mod tests {
    use super::super::activity::LEAVE_MAX;
    use super::*;

    #[tokio::test]
    async fn a_request_that_arrived_while_the_process_was_held_up_is_answered() {
        let mut leaving = tokio::task::JoinSet::new();
        for _ in 0..30 {
            leaving.spawn(async {
                let (activity, cut) = (Arc::new(Activity::default()), CancellationToken::new());
                let request = async {
                    tokio::time::sleep(LEAVE_MAX / 2).await;
                    let _underway = activity.clone().begin();
                    tokio::time::sleep(LEAVE_MAX / 100).await;
                };
                leave_open(request, &cut, &activity).await
            });
        }
        tokio::task::yield_now().await;
        // Meanwhile the request arrives, and the time to leave comes.
        std::thread::sleep(LEAVE_MAX * 2);
        assert!(leaving.join_all().await.iter().all(Option::is_some));
    }
}
