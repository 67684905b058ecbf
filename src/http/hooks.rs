//! `POST /hooks/git/{source}`: a forge reports a push. This only wakes the source's own fetch.
//!
//! An HMAC over the body authenticates it: GitHub, Forgejo and Gitea (`X-Hub-Signature-256`), Bitbucket (`X-Hub-Signature`).
//! GitLab sends the secret itself (`X-Gitlab-Token`). The body is hashed piece by piece and not interpreted, so nothing of it is
//! kept.

use super::reply;
use super::stopping::Peer;
use crate::app::App;
use crate::exchange;
use crate::words::names::SourceName;
use crate::words::{Denial, PlainPath, Reason, Secret, host};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::SHA256_OUTPUT_LEN;
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

/// A push event names every commit; forges shorten it to less than this.
pub(super) const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Hooks of one address in a minute: each may cost the hash of a whole event. A forge that sends more loses nothing, because the
/// source is polled in any case.
const HOOKS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(119);
/// From this many hosts on, those that were quiet lately are forgotten.
const ADDRESSES_MAX: usize = 10_000;
/// The HMAC headers, and the prefix of the hexadecimal digits.
const SIGNATURES: [&str; 2] = ["x-hub-signature-256", "x-hub-signature"];
const PREFIX: &str = "sha256=";
/// GitLab's header.
const TOKEN: &str = "x-gitlab-token";

/// How many hooks each host has sent lately.
type Limit = Arc<DefaultKeyedRateLimiter<IpAddr>>;

/// The route, with its rate limiter.
pub(super) fn route() -> MethodRouter<Arc<App>> {
    let limit: Limit = Arc::new(RateLimiter::keyed(Quota::per_minute(HOOKS_PER_MINUTE)));
    post(wake).layer(Extension(limit))
}

/// Wakes the source, or refuses with a record. The answer does not say whether the source exists.
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
    let within = limit.check_key(&host(call.client)).map_err(|_| Reason::Overloaded.with_cause("too many hooks of this address"));
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
    let refused = |cause: &str| Reason::HookRefused.with_cause(cause);
    let name = SourceName::parse(source).map_err(|_| refused("no such source"))?;
    let followed = app.followed(&name).ok_or_else(|| refused("no such source"))?;
    let path = followed.settings.hook_secret.as_ref().ok_or_else(|| refused("the source has no `hook`"))?;
    check_signature(path, headers, body).await?;
    followed.wake.notify_one();
    Ok(())
}

/// Reads the secret's file only for requests with a possible signature, and for each of them, so that the file can be replaced at
/// any time.
async fn check_signature(path: &std::path::Path, headers: &HeaderMap, body: Body) -> Result<(), Denial> {
    let refused = |cause: &str| Reason::HookRefused.with_cause(cause);
    let proof = HookCredential::of(headers).ok_or_else(|| refused(UNSIGNED))?;
    let secret = std::fs::read_to_string(path).map_err(|fault| refused(&format!("{}: {fault}", path.plain())))?;
    let secret: Secret = secret.trim().to_owned().into();
    if secret.expose().is_empty() {
        return Err(refused("the hook's secret is empty"));
    }
    if proof.is_good(&secret, body).await? { Ok(()) } else { Err(refused(UNSIGNED)) }
}

/// For a request without a signature, and for one with a wrong signature.
const UNSIGNED: &str = "no good signature";

/// What authenticates a hook.
pub(super) enum HookCredential {
    /// An HMAC with SHA-256 over the body.
    Signature([u8; SHA256_OUTPUT_LEN]),
    Token(Secret),
}

impl HookCredential {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = |name: &&str| unhex(text(name)?.strip_prefix(PREFIX)?)?.try_into().ok();
        let token = || text(TOKEN).filter(|token| !token.is_empty()).map(|token| Self::Token(token.to_owned().into()));
        SIGNATURES.iter().find_map(signature).map(Self::Signature).or_else(token)
    }

    /// Checks it. The body is read only if it is signed, or the token is right.
    pub(super) async fn is_good(&self, secret: &Secret, body: Body) -> Result<bool, Denial> {
        Ok(match self {
            Self::Signature(signature) => {
                let mut hash = hmac::Context::with_key(&Key::new(HMAC_SHA256, secret.expose()));
                reply::each_chunk(body, EVENT_BYTES_MAX, |chunk| hash.update(chunk)).await?;
                verify_slices_are_equal(hash.sign().as_ref(), signature).is_ok()
            }
            Self::Token(token) => {
                let known = token == secret;
                if known {
                    reply::each_chunk(body, EVENT_BYTES_MAX, |_| ()).await?;
                }
                known
            }
        })
    }
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

    async fn is_signed(secret: &Secret, headers: &HeaderMap, body: Body) -> Result<bool, Denial> {
        match HookCredential::of(headers) {
            Some(proof) => proof.is_good(secret, body).await,
            None => Ok(false),
        }
    }

    async fn signed(name: &'static str, value: &str) -> bool {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())]);
        let secret = Secret::from("It's a Secret to Everybody".to_owned());
        is_signed(&secret, &headers, Body::from("Hello, World!")).await.unwrap()
    }

    /// A signature that no key made.
    fn forged() -> String {
        format!("{PREFIX}{}", "00".repeat(SHA256_OUTPUT_LEN))
    }

    /// The error of a missing file shows whether it was read.
    #[tokio::test]
    async fn the_secrets_file_is_read_only_for_what_may_be_a_signature() {
        let path = std::path::Path::new("/nowhere/hook");
        let cause = async |name: &'static str, value: &str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())]);
            check_signature(path, &headers, Body::empty()).await.unwrap_err().cause
        };
        let short = forged().replacen("00", "", 1);
        for (name, value) in [
            ("x-other", "1"),
            (TOKEN, ""),
            (SIGNATURES[0], ""),
            (SIGNATURES[0], "sha256="),
            (SIGNATURES[0], &short),
            (SIGNATURES[1], &forged().replace("sha256", "sha1")),
            (SIGNATURES[1], &forged().replace("00", "zz")),
        ] {
            assert_eq!(cause(name, value).await, UNSIGNED, "{name}: {value}");
        }
        for (name, value) in [(TOKEN, "wrong"), (SIGNATURES[0], &forged()), (SIGNATURES[1], &forged())] {
            assert!(cause(name, value).await.contains("/nowhere/hook"), "{name}: {value}");
        }
    }

    /// An event of 1 MiB in pieces; counts the pieces in memory.
    fn counted(in_memory: &Arc<AtomicUsize>, most: &Arc<AtomicUsize>) -> Body {
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
        let (in_memory, most) = (in_memory.clone(), most.clone());
        let pieces = std::iter::repeat_with(move || {
            most.fetch_max(in_memory.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_owner(Piece(in_memory.clone()))))
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
    async fn of_an_event_of_a_mebibyte_one_piece_at_a_time_is_in_memory() {
        let (in_memory, most) = (Arc::default(), Arc::default());
        reply::body(counted(&in_memory, &most), EVENT_BYTES_MAX).await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), 64, "a body that is kept is held whole");
        most.store(0, Ordering::SeqCst);
        let secret = Secret::from("secret".to_owned());
        let forged = HeaderMap::from_iter([(HeaderName::from_static(SIGNATURES[0]), HeaderValue::from_str(&forged()).unwrap())]);
        assert!(!is_signed(&secret, &forged, counted(&in_memory, &most)).await.unwrap());
        assert_eq!(most.load(Ordering::SeqCst), 1, "one piece is held at a time");
        most.store(0, Ordering::SeqCst);
        let token = HeaderMap::from_iter([(HeaderName::from_static(TOKEN), HeaderValue::from_static("wrong"))]);
        for headers in [HeaderMap::new(), token] {
            assert!(!is_signed(&secret, &headers, counted(&in_memory, &most)).await.unwrap());
        }
        assert_eq!(most.load(Ordering::SeqCst), 0, "without a signature nothing is read");
    }

    /// GitHub docs, "Validating webhook deliveries": the example values for testing.
    #[tokio::test]
    async fn the_documented_signature_is_accepted_and_no_other_is() {
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
