//! Entry points of the fuzz targets to readers that are private to this module.

pub(crate) use super::aws::fuzzing::sts;
pub(crate) use super::oauth::fuzzing::oauth;
pub(crate) use super::vault::fuzzing::{vault_address, vault_login};

use super::{hooks, proxies};
use crate::words::Secret;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

/// A PROXY header of either version.
pub(crate) fn proxy_header(bytes: &[u8]) {
    for origin in [proxies::parse_v1(bytes), proxies::parse_v2(bytes)].into_iter().flatten() {
        assert!(proxies::is_header(bytes), "{origin:?}");
    }
}

/// A form, and a secret's path and query.
pub(crate) fn form(bytes: &[u8]) {
    let _ = super::form::parse(bytes);
    let (path, query) = lines(bytes);
    let target = [b"/?".as_slice(), query].concat();
    if let (Ok(path), Ok(uri)) = (std::str::from_utf8(path), Uri::try_from(target)) {
        let _ = super::secret::read_secret(path, &uri);
    }
}

/// The first line, and the rest.
fn lines(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

/// A hook: its first line is the value of each header, and the rest is the body.
pub(crate) fn hook(bytes: &[u8]) {
    let (first, body) = lines(bytes);
    let mut headers = HeaderMap::new();
    for name in ["x-hub-signature-256", "x-hub-signature", "x-gitlab-token"] {
        headers.extend(HeaderValue::from_bytes(first).map(|value| (HeaderName::from_static(name), value)));
    }
    let secret = Secret::from("a secret that no line is:\n".to_owned());
    // The body's time limit needs a runtime with timers.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() {
        let body = axum::body::Body::from(body.to_vec());
        let signed = match hooks::HookCredential::of(&headers) {
            Some(proof) => runtime.block_on(proof.is_good(&secret, body)),
            None => Ok(false),
        };
        assert!(!matches!(signed, Ok(true)), "nobody signed this");
    }
}
