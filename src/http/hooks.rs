//! `POST /hooks/git/{source}`: a forge says that there is something new. It only wakes that source's own fetch.
//!
//! Known by an HMAC over the body: GitHub, Forgejo and Gitea (`X-Hub-Signature-256`), Bitbucket (`X-Hub-Signature`); GitLab
//! sends the secret itself (`X-Gitlab-Token`). What the body says is not read, so nothing of it is kept: it is hashed as it comes.

use super::accept::Peer;
use super::reply;
use crate::app::App;
use crate::exchange;
use crate::words::names::SourceName;
use crate::words::{Denial, Reason, Secret};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, post};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

/// A push event names every commit; forges cut it below this.
pub(super) const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Hooks of one address in a minute: each may cost the hash of a whole event. A forge that sends more loses nothing, since the
/// source is looked at in any case.
const HOOKS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(119);
/// Addresses of which those that were quiet are still remembered.
const ADDRESSES_MAX: usize = 10_000;
/// HMAC headers, and what stands before the hexadecimal digits.
const SIGNATURES: [&str; 2] = ["x-hub-signature-256", "x-hub-signature"];
const PREFIX: &str = "sha256=";
/// GitLab's header.
const TOKEN: &str = "x-gitlab-token";

/// How many hooks each address has sent lately.
type Limit = Arc<DefaultKeyedRateLimiter<IpAddr>>;

/// The address, with the count of its callers.
pub(super) fn route() -> MethodRouter<Arc<App>> {
    let limit: Limit = Arc::new(RateLimiter::keyed(Quota::per_minute(HOOKS_PER_MINUTE)));
    post(wake).layer(Extension(limit))
}

/// Wakes the source, or refuses with a record. Whether there is such a source is not told.
async fn wake(
    State(app): State<Arc<App>>,
    Extension(limit): Extension<Limit>,
    peer: Option<Extension<Peer>>,
    source: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let source = source.map(|Path(source)| source).unwrap_or_default();
    let call = reply::call(peer.as_deref(), &headers);
    if limit.len() > ADDRESSES_MAX {
        limit.retain_recent();
    }
    let within = limit.check_key(&call.client).map_err(|_| Reason::Overloaded.because("too many hooks of this address"));
    let checked = match within {
        Ok(()) => check(&app, &source, &headers, body).await,
        Err(denial) => Err(denial),
    };
    match checked {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(denial) => exchange::refuse(&app, &call, denial).await.into_response(),
    }
}

async fn check(app: &App, source: &str, headers: &HeaderMap, body: Body) -> Result<(), Denial> {
    let refused = |cause: &str| Reason::HookRefused.because(cause);
    let name = SourceName::parse(source).map_err(|_| refused("no such source"))?;
    let followed = app.followed(&name).ok_or_else(|| refused("no such source"))?;
    let path = followed.settings.hook_secret.as_ref().ok_or_else(|| refused("the source has no `hook`"))?;
    let secret = std::fs::read_to_string(path).map_err(|fault| refused(&format!("{}: {fault}", path.display())))?;
    let secret: Secret = secret.trim().to_owned().into();
    if secret.expose().is_empty() {
        return Err(refused("the hook's secret is empty"));
    }
    if !is_signed(&secret, headers, body).await? {
        return Err(refused("no good signature"));
    }
    followed.wake.notify_one();
    Ok(())
}

/// The body is read only where a signature over it is shown.
pub(super) async fn is_signed(secret: &Secret, headers: &HeaderMap, body: Body) -> Result<bool, Denial> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = SIGNATURES.iter().find_map(|name| unhex(text(name)?.strip_prefix(PREFIX)?));
    Ok(match (signature, text(TOKEN)) {
        (Some(signature), _) => {
            let mut hash = hmac::Context::with_key(&Key::new(HMAC_SHA256, secret.expose()));
            reply::each_chunk(body, EVENT_BYTES_MAX, |chunk| hash.update(chunk)).await?;
            verify_slices_are_equal(hash.sign().as_ref(), &signature).is_ok()
        }
        (None, Some(token)) => {
            let known = Secret::from(token.to_owned()) == *secret;
            if known {
                reply::each_chunk(body, EVENT_BYTES_MAX, |_| ()).await?;
            }
            known
        }
        (None, None) => false,
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Bytes, HttpBody};
    use axum::http::{HeaderName, HeaderValue};
    use hyper::body::Frame;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};

    async fn signed(name: &'static str, value: &str) -> bool {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())]);
        let secret = Secret::from("It's a Secret to Everybody".to_owned());
        is_signed(&secret, &headers, Body::from("Hello, World!")).await.unwrap()
    }

    /// An event of 1 MiB in pieces, each of which counts while it is held.
    fn counted(held: &Arc<AtomicUsize>, most: &Arc<AtomicUsize>) -> Body {
        struct Piece(Arc<AtomicUsize>);
        impl AsRef<[u8]> for Piece {
            fn as_ref(&self) -> &[u8] {
                &[b'x'; 16 * 1024]
            }
        }
        impl Drop for Piece {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let (held, most) = (held.clone(), most.clone());
        let pieces = std::iter::repeat_with(move || {
            most.fetch_max(held.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_owner(Piece(held.clone()))))
        });
        Body::new(Pieces(Box::new(pieces.take(64))))
    }

    struct Pieces(Box<dyn Iterator<Item = Result<Frame<Bytes>, std::convert::Infallible>> + Send>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
            Poll::Ready(self.0.next())
        }
    }

    #[tokio::test]
    async fn an_unsigned_event_of_a_mebibyte_costs_a_piece_of_it_at_a_time() {
        let (held, most) = (Arc::default(), Arc::default());
        reply::body(counted(&held, &most), EVENT_BYTES_MAX).await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), 64, "a body that is kept is held whole");
        most.store(0, Ordering::SeqCst);
        let secret = Secret::from("secret".to_owned());
        let forged = HeaderMap::from_iter([(HeaderName::from_static(SIGNATURES[0]), HeaderValue::from_static("sha256=00"))]);
        assert!(!is_signed(&secret, &forged, counted(&held, &most)).await.unwrap());
        assert_eq!(most.load(Ordering::SeqCst), 1, "one piece is held at a time");
        most.store(0, Ordering::SeqCst);
        let token = HeaderMap::from_iter([(HeaderName::from_static(TOKEN), HeaderValue::from_static("wrong"))]);
        for headers in [HeaderMap::new(), token] {
            assert!(!is_signed(&secret, &headers, counted(&held, &most)).await.unwrap());
        }
        assert_eq!(most.load(Ordering::SeqCst), 0, "without a signature nothing is read");
    }

    /// GitHub docs, "Validating webhook deliveries": the example values for testing.
    #[tokio::test]
    async fn the_documented_example_is_known_and_nothing_else_is() {
        const GOOD: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(signed("x-hub-signature-256", GOOD).await && signed("x-hub-signature", GOOD).await);
        assert!(signed("x-gitlab-token", "It's a Secret to Everybody").await);
        for (name, value) in [
            ("x-hub-signature-256", &GOOD[..GOOD.len() - 2]),
            ("x-hub-signature-256", &GOOD.replace('7', "8")),
            ("x-hub-signature-256", "sha256="),
            ("x-hub-signature", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d"),
            ("x-gitlab-token", "It's a Secret"),
            ("x-other", GOOD),
        ] {
            assert!(!signed(name, value).await, "{name}: {value}");
        }
    }
}
