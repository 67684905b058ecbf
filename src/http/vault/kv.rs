//! KV, version 2: the documents of the repositories that are granted to the identity. Each read is an exchange of its own.

use super::VaultRequest;
use super::answer;
use super::not_here::not_here;
use crate::app::Live;
use crate::exchange::{self, ExchangeRequest, RecordedRefusal, Released};
use crate::kind::SecretValue;
use crate::kind::Target;
use crate::policy::Request;
use crate::secrets::document_values;
use crate::words::names::{SecretName, SecretPath};
use crate::words::{Denial, UnixTime};
use axum::body::Body;
use axum::http::Response;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The extensions that are tried, in this order, if no document has exactly the requested name.
const ENDINGS: [&str; 5] = [".yaml", ".yml", ".json", ".env", ".age"];
/// The name of the only value of a file that is no mapping.
const VALUE: &str = "value";

/// `<mount>/data/<path>`.
pub(super) async fn read(inbound: VaultRequest, text: &str) -> Response<Body> {
    released(inbound, text, |values| ("data", values)).await
}

/// `<mount>/subkeys/<path>`: the names of a document's values. This is a read like any other: only callers that may read the
/// values get their names.
pub(super) async fn subkeys(inbound: VaultRequest, text: &str, depth: u32) -> Response<Body> {
    let levels = if depth == 0 { u32::MAX } else { depth };
    released(inbound, text, |values| ("subkeys", names(&values, levels))).await
}

/// A read. `to_member` makes the answer's member, and its name, from the values.
async fn released(inbound: VaultRequest, text: &str, to_member: impl FnOnce(Value) -> (&'static str, Value)) -> Response<Body> {
    let (name, proof) = match resolve(&inbound.app.live.load(), text).and_then(|name| Ok((name, inbound.proof()?))) {
        Ok(found) => found,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let request = ExchangeRequest::credentials(Request::one(Target::Secret(name.clone()), proof.policy.clone()));
    let (app, (call, token_kind)) = (inbound.app, proof.into_call(inbound.call));
    let inner = app.clone();
    match VaultRequest::tracked(&app, async move { exchange::exchange_with(&inner, call, token_kind, request).await }).await {
        Ok(released) => {
            let changed_at = app.changed_at(&name.path).await;
            respond(&released, &name, changed_at, to_member)
        }
        Err(refused) => Err(refused),
    }
    .unwrap_or_else(|refused| answer::refused(&refused))
}

fn respond(
    released: &Released,
    name: &SecretName,
    changed_at: UnixTime,
    to_member: impl FnOnce(Value) -> (&'static str, Value),
) -> Result<Response<Body>, RecordedRefusal> {
    let secret = released.only::<SecretValue>()?;
    let (member, value) = to_member(values(name, secret));
    // The values are moved: `json!` would copy them.
    let members = [(member, value), ("metadata", version(changed_at, secret.unauthenticated))];
    let data: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(answer::data(released.decision().to_string(), data))
}

/// `<mount>/metadata/<path>`: that a document exists, for identities that may read it.
pub(super) async fn metadata(inbound: VaultRequest, text: &str) -> Response<Body> {
    let name = resolve(&inbound.app.live.load(), text);
    let name =
        name.and_then(|name| if name.key.is_none() { Ok(name) } else { Err(not_here("Metadata is of a whole document.")) });
    let path = match name {
        Ok(name) => name.path,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let proof = match inbound.proof() {
        Ok(proof) => proof,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let policy = proof.policy.clone();
    let (app, (call, token_kind)) = (inbound.app, proof.into_call(inbound.call));
    let (inner, inner_path) = (app.clone(), path.clone());
    let found =
        VaultRequest::tracked(&app, async move { exchange::document(&inner, call, token_kind, policy, &inner_path).await }).await;
    match found {
        Ok(()) => answer::data("", described(app.changed_at(&path).await)),
        Err(refused) => answer::refused(&refused),
    }
}

/// LIST `<mount>/metadata/<folder>`: the documents and folders in which something is granted.
pub(super) async fn list(inbound: VaultRequest, folder: &str) -> Response<Body> {
    match documents(inbound, folder).await {
        Ok(paths) => answer::data("", json!({ "keys": children(folder, &paths) })),
        Err(response) => response,
    }
}

async fn documents(inbound: VaultRequest, below: &str) -> Result<Vec<SecretPath>, Response<Body>> {
    let proof = match inbound.proof() {
        Ok(proof) => proof,
        Err(denial) => return Err(inbound.refuse(denial).await),
    };
    let policy = proof.policy.clone();
    let (app, below, (call, token_kind)) = (inbound.app, below.to_owned(), proof.into_call(inbound.call));
    let inner = app.clone();
    let found =
        VaultRequest::tracked(&app, async move { exchange::documents(&inner, call, token_kind, policy, &below).await }).await;
    found.map_err(|refused| answer::refused(&refused))
}

/// The document that the name means. The decision comes later, so this reveals nothing about who may read it.
fn resolve(live: &Live, text: &str) -> Result<SecretName, Denial> {
    let name = SecretName::parse(text).map_err(|fault| not_here(&format!("The name of a secret: {fault}.")))?;
    if live.has_document(&name.path) {
        return Ok(name);
    }
    let with = |ending: &&str| SecretPath::parse(&format!("{}{ending}", name.path)).ok().filter(|path| live.has_document(path));
    let found = ENDINGS.iter().find_map(with);
    Ok(SecretName { path: found.unwrap_or(name.path), key: name.key })
}

/// A document's values by their names. A single value gets the last part of its pointer, or `value`.
fn values(name: &SecretName, secret: &SecretValue) -> Value {
    let text = secret.value.expose_text().unwrap_or_default();
    if let Some(key) = &name.key {
        let last = key.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
        return Value::Object(Map::from_iter([(last, text.into())]));
    }
    match (secret.encoding, document_values(&name.path, text.as_bytes())) {
        (None, Ok(values)) => Value::Object(values),
        (Some(encoding), _) => json!({ VALUE: text, "encoding": encoding }),
        (None, Err(_)) => json!({ VALUE: text }),
    }
}

fn children(folder: &str, paths: &[SecretPath]) -> BTreeSet<String> {
    let below = |path: &SecretPath| {
        let rest = if folder.is_empty() { path.as_str() } else { path.as_str().strip_prefix(folder)?.strip_prefix('/')? };
        Some(rest.split_once('/').map_or_else(|| rest.to_owned(), |(child, _)| format!("{child}/")))
    };
    paths.iter().filter_map(below).collect()
}

/// The names without their values. A list counts as a value, and so does an empty mapping.
fn names(value: &Value, levels: u32) -> Value {
    match value {
        Value::Object(members) if levels > 0 && !members.is_empty() => {
            members.iter().map(|(name, value)| (name.clone(), names(value, levels - 1))).collect()
        }
        _ => Value::Null,
    }
}

/// The only version: the form in force, with the time of the commit that made it. It changes only when the document does: agents
/// and operators take a changed answer for a changed secret, and restart what reads it.
fn version(changed_at: UnixTime, unauthenticated: bool) -> Value {
    // The values of Vault's own metadata are texts.
    let custom = if unauthenticated { json!({ "unauthenticated": "true" }) } else { Value::Null };
    json!({
        "created_time": changed_at.to_string(), "custom_metadata": custom, "deletion_time": "", "destroyed": false, "version": 1,
    })
}

fn described(changed_at: UnixTime) -> Value {
    let changed_at = changed_at.to_string();
    let one = json!({ "created_time": changed_at, "deletion_time": "", "destroyed": false });
    json!({
        "created_time": changed_at, "updated_time": changed_at, "current_version": 1, "oldest_version": 1, "max_versions": 1,
        "cas_required": false, "custom_metadata": null, "delete_version_after": "0s", "versions": { "1": one },
    })
}

#[cfg(test)]
mod tests;
