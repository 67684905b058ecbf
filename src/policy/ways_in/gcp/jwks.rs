//! The keys of an issuer, for comparison.

use serde_json::Value;
use std::collections::BTreeMap;

/// The id of each key, by the members that identify the key (RFC 7638, section 3.2).
pub(super) type Keys = BTreeMap<Vec<String>, String>;

/// Reads a JWKS (RFC 7517). `None` if it is empty, or has a key that is not understood.
pub(super) fn read(document: &Value) -> Option<Keys> {
    let keys = document.get("keys")?.as_array().filter(|keys| !keys.is_empty())?;
    keys.iter().map(key).collect()
}

fn key(key: &Value) -> Option<(Vec<String>, String)> {
    let members: &[&str] = match key["kty"].as_str()? {
        "EC" => &["kty", "crv", "x", "y"],
        "OKP" => &["kty", "crv", "x"],
        "RSA" => &["kty", "e", "n"],
        _ => return None,
    };
    let values = members.iter().map(|member| key[*member].as_str().map(str::to_owned)).collect::<Option<_>>()?;
    Some((values, key["kid"].as_str().unwrap_or("a key without a kid").to_owned()))
}
