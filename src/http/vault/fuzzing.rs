//! The fuzz targets of paths, and of logins in bodies and in headers.

use super::address::Address;
use super::inline::{self, Login};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Method, path and query by lines.
pub(crate) fn vault_address(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let Ok(method) = Method::from_bytes(next().as_bytes()) else { return };
    if let Ok(Address::Read(name) | Address::Subkeys(name, _) | Address::Metadata(name) | Address::List(name)) =
        Address::read(&method, next(), next())
    {
        assert!(name.split('/').all(|segment| segment != ".." && segment != "."), "{name} climbs");
    }
}

/// A body, and the same lines as headers: `name: value`, or a parameter that is not encoded yet.
pub(crate) fn vault_login(bytes: &[u8]) {
    let _ = Login::parse(bytes);
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let at = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let named =
            HeaderName::from_bytes(&line[..at]).ok().zip(HeaderValue::from_bytes(line.get(at + 1..).unwrap_or_default()).ok());
        headers.extend(named);
        if line.starts_with(b"{") {
            let encoded = HeaderValue::try_from(URL_SAFE_NO_PAD.encode(line));
            let name = HeaderName::from_static("x-vault-inline-auth-parameter-x");
            headers.extend(encoded.ok().map(|value| (name, value)));
        }
    }
    let _ = inline::login(&headers);
}
