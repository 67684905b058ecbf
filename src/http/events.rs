//! `GET /v1/events`: server-sent events (HTML standard, section 9.2). An event says that something changed, and never what.
//!
//! An event's id is the mark of the state in force. The server stores nothing for a reader: it sends the current mark once.

use super::activity::ActiveRequest;
use super::connection::ConnectionEnd;
use super::reply::Caller;
use super::stopping::Peer;
use super::streams::{StreamSlot, Streams};
use crate::app::App;
use crate::exchange;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, Response, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use hyper::body::Frame;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A stream lasts as long as an issuer's keys are trusted without a fetch: the next stream verifies its token again.
const STREAM_MAX: Duration = Duration::from_secs(300);
/// Proxies close a silent connection after a minute, some after half a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// All changes within this time are one event.
const EVENT_PAUSE: Duration = Duration::from_millis(200);
/// A reader that takes no line for this long is cut off.
const SLOW_MAX: Duration = Duration::from_secs(10);
/// The beginning of a stream: its reader reconnects a second after it ends.
const OPENING: &str = "retry: 1000\n\n";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The route, with its open streams.
pub(super) fn route() -> MethodRouter<Arc<App>> {
    get(follow).layer(Extension(Streams::default()))
}

async fn follow(
    State(app): State<Arc<App>>,
    Extension(streams): Extension<Streams>,
    peer: Option<Extension<Peer>>,
    ending: Option<Extension<ConnectionEnd>>,
    Caller(call): Caller,
    headers: HeaderMap,
) -> Response<Body> {
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.0);
    let watch = match exchange::watch(&app, call, |token| streams.take(address, token)).await {
        Ok(watch) => watch,
        Err(refused) => return refused.into_response(),
    };
    let (sender, receiver) = mpsc::channel(1);
    let ending = ending.map(|ending| ending.0).unwrap_or_default();
    let stream = Stream {
        until: Instant::now() + STREAM_MAX.min(watch.until.since(app.now())),
        seen: headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned),
        _underway: ending.activity.clone().begin(),
        ending,
        app,
        sender,
        _place: watch.place,
    };
    tokio::spawn(stream.run());
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store"), (X_ACCEL_BUFFERING, "no")];
    (headers, Body::new(Lines(receiver))).into_response()
}

/// nginx does not buffer an answer with this header.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// One stream, until it is over.
struct Stream {
    app: Arc<App>,
    sender: mpsc::Sender<Bytes>,
    /// The last mark that the reader knows.
    seen: Option<String>,
    until: Instant,
    ending: ConnectionEnd,
    _place: StreamSlot,
    _underway: ActiveRequest,
}

/// The reader is gone or too slow.
struct StreamEnded;

impl Stream {
    async fn run(mut self) {
        let (stopping, until) = (self.ending.stopping.clone(), self.until);
        tokio::select! {
            _ = self.send_changes() => {}
            () = stopping.cancelled() => {}
            () = sleep_until(until) => {}
        }
    }

    async fn send_changes(&mut self) -> Result<(), StreamEnded> {
        let mut changes = self.app.changes();
        self.send(OPENING.to_owned()).await?;
        loop {
            changes.borrow_and_update();
            let mark = self.app.mark();
            if self.seen.as_ref() != Some(&mark) {
                self.send(format!("id: {mark}\nevent: change\ndata: changed\n\n")).await?;
                self.seen = Some(mark);
            }
            tokio::select! {
                changed = changes.changed() => match changed {
                    Ok(()) => sleep(EVENT_PAUSE).await,
                    Err(_) => return Err(StreamEnded),
                },
                // The next round also notices a denial that ended by itself.
                () = sleep(HEARTBEAT) => self.send(":\n\n".to_owned()).await?,
                () = self.sender.closed() => return Err(StreamEnded),
            }
        }
    }

    /// Hands the line over as soon as the connection has room for it. If it has none for too long, the connection ends.
    async fn send(&self, line: String) -> Result<(), StreamEnded> {
        match timeout(SLOW_MAX, self.sender.send(line.into())).await {
            Ok(sent) => sent.map_err(|_| StreamEnded),
            Err(_) => {
                self.ending.cut.cancel();
                Err(StreamEnded)
            }
        }
    }
}

/// The lines as a body.
struct Lines(mpsc::Receiver<Bytes>);

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
