//! A server on loopback for programs of this machine, which may ask for credentials as often as they like.

use crate::words::Secret;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The time for a request's headers, and for its body: the client is on this machine.
pub(super) const REQUEST_MAX: Duration = Duration::from_secs(5);
/// The most connections at a time: a job has a few processes, and more wait in the listener's queue.
const CONNECTIONS_MAX: usize = 64;
/// Hyper's smallest buffer for headers. A request here has a few short ones.
const HEADER_BYTES_MAX: usize = 8 * 1024;
/// Random bytes of an authorization token, 256 bits.
const TOKEN_BYTES: usize = 32;

/// Answers requests.
pub(super) trait Answers: Send + Sync + 'static {
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}

/// The server ends when this is dropped.
pub(super) struct LocalServer {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl LocalServer {
    /// Serves on a listener that the caller has bound. A listener that other machines can reach is refused: credentials travel in
    /// the clear.
    pub(super) fn serve(listener: TcpListener, answers: impl Answers) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(std::io::Error::other(format!("{address} is not on loopback")));
        }
        Ok(Self { address, task: tokio::spawn(accept(listener, Arc::new(answers))) })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, answers: Arc<impl Answers>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(permit) = connections.clone().acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Mostly the process is out of file descriptors: other connections will free some.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let answers = answers.clone();
        tokio::spawn(async move {
            serve_connection(stream, answers).await;
            drop(permit);
        });
    }
}

async fn serve_connection(stream: TcpStream, answers: Arc<impl Answers>) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let answers = answers.clone();
        async move { Ok::<_, Infallible>(answers.answer(request).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(REQUEST_MAX).max_buf_size(HEADER_BYTES_MAX).keep_alive(false);
    if let Err(fault) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%fault, "a connection on loopback ended");
    }
}

/// An answer that no cache may keep.
pub(super) fn response(status: u16, document: &impl Serialize) -> Response<Body> {
    let written = serde_json::to_vec(document);
    let status = StatusCode::from_u16(status).ok().filter(|_| written.is_ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(written.unwrap_or_default()));
    *response.status_mut() = status;
    for (name, value) in [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A random token in base64url without padding, which an HTTP header takes without escapes.
pub(super) fn random_token() -> std::io::Result<Secret> {
    use base64::Engine;
    let mut bytes = [0; TOKEN_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| std::io::Error::other("the system gives no random bytes"))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes).into())
}
