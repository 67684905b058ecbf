//! `POST /hooks/git/{source}`: a forge says that there is something new. It only wakes that source's own fetch.
//!
//! Known by an HMAC over the body: GitHub, Forgejo and Gitea (`X-Hub-Signature-256`), Bitbucket (`X-Hub-Signature`); GitLab
//! sends the secret itself (`X-Gitlab-Token`). What the body says is not read.

use super::accept::Peer;
use super::reply;
use crate::app::App;
use crate::exchange;
use crate::words::names::SourceName;
use crate::words::{Denial, Reason, Secret};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use std::sync::Arc;

/// A push event names every commit; forges cut it below this.
pub(super) const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// HMAC headers, and what stands before the hexadecimal digits.
const SIGNATURES: [&str; 2] = ["x-hub-signature-256", "x-hub-signature"];
const PREFIX: &str = "sha256=";
/// GitLab's header.
const TOKEN: &str = "x-gitlab-token";

/// Wakes the source, or refuses with a record. Whether there is such a source is not told.
pub(super) async fn wake(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    source: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let source = source.map(|Path(source)| source).unwrap_or_default();
    match check(&app, &source, &headers, body).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(denial) => exchange::refuse(&app, &reply::call(peer.as_deref(), &headers), denial).await.into_response(),
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
    let bytes = reply::body(body, EVENT_BYTES_MAX).await?;
    if !is_signed(&secret, headers, &bytes) {
        return Err(refused("no good signature"));
    }
    followed.wake.notify_one();
    Ok(())
}

pub(super) fn is_signed(secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = SIGNATURES.iter().find_map(|name| unhex(text(name)?.strip_prefix(PREFIX)?));
    match (signature, text(TOKEN)) {
        (Some(signature), _) => verify(&Key::new(HMAC_SHA256, secret.expose()), body, &signature).is_ok(),
        (None, Some(token)) => Secret::from(token.to_owned()) == *secret,
        (None, None) => false,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn signed(name: &'static str, value: &str) -> bool {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())]);
        is_signed(&Secret::from("It's a Secret to Everybody".to_owned()), &headers, b"Hello, World!")
    }

    /// GitHub docs, "Validating webhook deliveries": the example values for testing.
    #[test]
    fn the_documented_example_is_known_and_nothing_else_is() {
        const GOOD: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(signed("x-hub-signature-256", GOOD) && signed("x-hub-signature", GOOD));
        assert!(signed("x-gitlab-token", "It's a Secret to Everybody"));
        for (name, value) in [
            ("x-hub-signature-256", &GOOD[..GOOD.len() - 2]),
            ("x-hub-signature-256", &GOOD.replace('7', "8")),
            ("x-hub-signature-256", "sha256="),
            ("x-hub-signature", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d"),
            ("x-gitlab-token", "It's a Secret"),
            ("x-other", GOOD),
        ] {
            assert!(!signed(name, value), "{name}: {value}");
        }
    }
}
