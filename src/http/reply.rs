//! Writes released credentials as answers, and reads requests.

use crate::app::App;
use crate::exchange::{Released, RequestContext};
use crate::http::stopping::Peer;
use crate::token::{Proof, RequestBody};
use crate::words::{Denial, Digest, Reason, Secret};
use axum::BoxError;
use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use http_body_util::{BodyExt, LengthLimitError};
use serde::Serialize;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

/// A request names at most 32 credentials.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// A candidate revision's policies: 10,000 of them are some 6 MiB. One candidate at a time is read, after its grant.
pub(super) const CANDIDATE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A hundred names of files with their digests.
pub(super) const REWRITE_BYTES_MAX: usize = 256 * 1024;
/// The type of the native API's bodies.
pub(super) const JSON: &str = "application/json";
/// RFC 9449, section 4.1.
const PROOF: &str = "dpop";
/// How long a body may take: it comes with its headers or shortly after.
const BODY_MAX: Duration = Duration::from_secs(10);

/// The caller, and the bearer token as RFC 6750 sends it.
pub(super) fn call(peer: Option<&Peer>, headers: &HeaderMap) -> RequestContext {
    let client = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    RequestContext { token: bearer(headers), client, api: "native", proof: None }
}

/// The caller of the native API: the bearer token, and the proof of its key (RFC 9449) for this method and address.
pub(super) struct Caller(pub(super) RequestContext);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let call = call(parts.extensions.get::<Peer>(), &parts.headers);
        let mut proofs = parts.headers.get_all(PROOF).iter();
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let proof_of = |jws: &str| Proof {
            jws: jws.to_owned(),
            method: parts.method.as_str().to_owned(),
            urls: app.origins.iter().map(|origin| format!("{origin}{}", uri.path())).collect(),
            query: Digest::plain(uri.query().unwrap_or_default().as_bytes()),
            // A handler that reads a body replaces this.
            body: RequestBody::Read(Digest::plain(b"")),
        };
        let proof = match (proofs.next(), proofs.next()) {
            (Some(proof), None) => proof.to_str().ok().map(proof_of),
            (None, _) | (Some(_), Some(_)) => None,
        };
        Ok(Self(RequestContext { proof, ..call }))
    }
}

fn bearer(headers: &HeaderMap) -> Result<Secret, Denial> {
    let missing = |cause: &str| Reason::TokenMissing.with_cause(cause);
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(missing("not exactly one Authorization header")) };
    let value = value.to_str().map_err(|_| missing("the Authorization header is not ASCII"))?;
    let (scheme, token) = value.split_once(' ').ok_or_else(|| missing("the Authorization header has no scheme"))?;
    if !scheme.eq_ignore_ascii_case("Bearer") || token.is_empty() {
        return Err(missing("the Authorization header is not a bearer token"));
    }
    Ok(token.to_owned().into())
}

/// The body, bounded in size and time.
pub(super) async fn body(body: Body, bytes_max: usize) -> Result<Vec<u8>, Denial> {
    within_bounds(bytes_max, axum::body::to_bytes(body, bytes_max)).await.map(Into::into)
}

/// Passes the body on piece by piece, within the same bounds, and keeps nothing of it.
pub(super) async fn each_chunk(body: Body, bytes_max: usize, mut take: impl FnMut(&[u8])) -> Result<(), Denial> {
    let read = async {
        let mut body = http_body_util::Limited::new(body, bytes_max);
        while let Some(frame) = body.frame().await {
            frame?.data_ref().into_iter().for_each(|chunk| take(chunk));
        }
        Ok::<_, BoxError>(())
    };
    within_bounds(bytes_max, read).await
}

/// A JSON body. A body without a type is taken for JSON (RFC 9110, section 8.3); another type is refused.
pub(super) async fn json_body(headers: &HeaderMap, content: Body, bytes_max: usize) -> Result<Vec<u8>, Denial> {
    let essence = |kind: &HeaderValue| {
        kind.as_bytes().split(|byte| *byte == b';').next().map(|kind| kind.trim_ascii().to_ascii_lowercase())
    };
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter().map(essence);
    match (kinds.next(), kinds.next()) {
        (None, _) => body(content, bytes_max).await,
        (Some(kind), None) if kind.as_deref() == Some(JSON.as_bytes()) => body(content, bytes_max).await,
        _ => Err(Reason::MediaTypeRefused.with_cause("the body is not said to be JSON")),
    }
}

/// Bounds the time of a read, and distinguishes a body that is too large from one that broke off.
async fn within_bounds<T, E: Into<BoxError>>(bytes_max: usize, read: impl Future<Output = Result<T, E>>) -> Result<T, Denial> {
    match tokio::time::timeout(BODY_MAX, read).await.map(|read| read.map_err(Into::into)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(fault)) if is_too_large(&*fault) => Err(Reason::TooLarge
            .with_cause(fault.to_string())
            .with_detail(format!("The body is larger than {} KiB.", bytes_max / 1024))),
        Ok(Err(fault)) => Err(Reason::BadRequest.with_cause(format!("the body did not come whole: {fault}"))),
        Err(_) => Err(Reason::BadRequest.with_cause("the body did not come in time")),
    }
}

fn is_too_large(fault: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(fault);
    while let Some(fault) = cause {
        if fault.is::<LengthLimitError>() {
            return true;
        }
        cause = fault.source();
    }
    false
}

/// The document of the native API.
pub(super) fn document(released: &Released) -> Response<Body> {
    secret_answer(Body::from(released.expose().to_vec()), "application/json")
}

/// A fault of the request, told to the caller.
pub(super) fn bad_request(fault: impl Display) -> Denial {
    Reason::BadRequest.with_cause(&fault).with_detail(fault.to_string())
}

/// An answer in JSON that holds secrets. If it cannot be written, that is a bug.
pub(super) fn json_answer(answer: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(answer) {
        Ok(written) => secret_answer(Body::from(written), JSON),
        Err(fault) => {
            tracing::error!(%fault, "an answer cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// An answer that no cache may keep.
pub(super) fn secret_answer(body: Body, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use hyper::body::Frame;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// A body whose client goes away after the first piece.
    struct ClientGone(bool);

    impl axum::body::HttpBody for ClientGone {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let is_first = std::mem::take(&mut self.0);
            let piece = if is_first { Ok(Frame::data(Bytes::from_static(b"x"))) } else { Err(std::io::Error::other("reset")) };
            Poll::Ready(Some(piece))
        }
    }

    #[tokio::test]
    async fn only_a_body_that_is_too_large_is_called_so() {
        for (content, reason) in
            [(Body::new(ClientGone(true)), Reason::BadRequest), (Body::from("x".repeat(9)), Reason::TooLarge)]
        {
            assert_eq!(body(content, 8).await.unwrap_err().reason, reason);
        }
        let each = async |content| each_chunk(content, 8, |_| ()).await.unwrap_err().reason;
        assert_eq!(each(Body::new(ClientGone(true))).await, Reason::BadRequest);
        assert_eq!(each(Body::from("x".repeat(9))).await, Reason::TooLarge);
    }
}
