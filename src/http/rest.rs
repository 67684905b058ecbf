//! Reads and discards the rest of a body that was answered before its end, so that the client gets the answer.
//!
//! A connection that is closed with unread bytes is reset, and the client loses the answer.

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::{HeaderMap, Version, header};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The largest rest that is read. A client that sends more is cut off.
const REST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest time to read a rest.
const REST_MAX: Duration = Duration::from_secs(5);

/// A body whose rest is read after its reader was dropped.
struct DrainedBody {
    body: Option<Incoming>,
    /// The client waits for `100 Continue`, and the server has not sent it.
    is_held_back: bool,
}

/// The request with such a body. HTTP/2 ends each stream by itself, and needs none.
pub(super) fn read_to_the_end(request: hyper::Request<Incoming>) -> hyper::Request<Body> {
    if request.version() >= Version::HTTP_2 {
        return request.map(Body::new);
    }
    let is_held_back = expects_continue(request.headers());
    request.map(
        |body| if body.is_end_stream() { Body::new(body) } else { Body::new(DrainedBody { body: Some(body), is_held_back }) },
    )
}

fn expects_continue(headers: &HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

impl HttpBody for DrainedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_held_back = false;
        self.body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for DrainedBody {
    fn drop(&mut self) {
        if let Some(body) = self.body.take()
            && !self.is_held_back
            && !body.is_end_stream()
        {
            tokio::spawn(tokio::time::timeout(REST_MAX, read_on(body)));
        }
    }
}

async fn read_on(mut body: Incoming) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > REST_BYTES_MAX {
            break;
        }
    }
}
