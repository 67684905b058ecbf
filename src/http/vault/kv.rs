//! KV, version 2: documents of the repositories, as far as the identity is granted them. Each read is an exchange of its own.

use super::Asking;
use super::answer;
use super::not_here::not_here;
use crate::app::Live;
use crate::exchange::{self, Asked, Refused, Released};
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

/// What a name in a KV store lacks of a document's: tried in this order where there is none of the name as it is.
const ENDINGS: [&str; 5] = [".yaml", ".yml", ".json", ".env", ".age"];
/// The name of the one value that a file is which is no mapping.
const VALUE: &str = "value";

/// `<mount>/data/<path>`.
pub(super) async fn read(asking: Asking, text: &str) -> Response<Body> {
    released(asking, text, |values| ("data", values)).await
}

/// `<mount>/subkeys/<path>`: the names of a document's values. Whoever hears them could read the values: it is a read like any other.
pub(super) async fn subkeys(asking: Asking, text: &str, depth: u32) -> Response<Body> {
    let levels = if depth == 0 { u32::MAX } else { depth };
    released(asking, text, |values| ("subkeys", names(&values, levels))).await
}

/// A read, of which `tell` says what leaves under which name.
async fn released(asking: Asking, text: &str, tell: impl FnOnce(Value) -> (&'static str, Value)) -> Response<Body> {
    let (name, proof) = match resolve(&asking.app.live.load(), text).and_then(|name| Ok((name, asking.proof()?))) {
        Ok(found) => found,
        Err(denial) => return asking.refuse(denial).await,
    };
    let asked = Asked::credentials(Request::one(Target::Secret(name.clone()), proof.policy.clone()));
    let (app, (call, shown)) = (asking.app, proof.into_call(asking.call));
    let inner = app.clone();
    match Asking::tracked(&app, async move { exchange::exchange_shown(&inner, call, shown, asked).await }).await {
        Ok(released) => {
            let changed_at = app.changed_at(&name.path).await;
            told(&released, &name, changed_at, tell)
        }
        Err(refused) => Err(refused),
    }
    .unwrap_or_else(|refused| answer::refused(&refused))
}

fn told(
    released: &Released,
    name: &SecretName,
    changed_at: UnixTime,
    tell: impl FnOnce(Value) -> (&'static str, Value),
) -> Result<Response<Body>, Refused> {
    let secret = released.only::<SecretValue>()?;
    let (member, told) = tell(values(name, secret));
    // Moved, and not by `json!`, which copies.
    let members = [(member, told), ("metadata", version(changed_at, secret.unauthenticated))];
    let data: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(answer::data(released.decision().to_string(), data))
}

/// `<mount>/metadata/<path>`: that there is such a document, for whoever may read it.
pub(super) async fn metadata(asking: Asking, text: &str) -> Response<Body> {
    let name = resolve(&asking.app.live.load(), text);
    let name =
        name.and_then(|name| if name.key.is_none() { Ok(name) } else { Err(not_here("Metadata is of a whole document.")) });
    let path = match name {
        Ok(name) => name.path,
        Err(denial) => return asking.refuse(denial).await,
    };
    let app = asking.app.clone();
    match documents(asking, path.as_str()).await {
        Ok(_) => answer::data("", described(app.changed_at(&path).await)),
        Err(response) => response,
    }
}

/// LIST `<mount>/metadata/<folder>`: names and folders, as far as something in them is granted.
pub(super) async fn list(asking: Asking, folder: &str) -> Response<Body> {
    match documents(asking, folder).await {
        Ok(paths) => answer::data("", json!({ "keys": children(folder, &paths) })),
        Err(response) => response,
    }
}

async fn documents(asking: Asking, below: &str) -> Result<Vec<SecretPath>, Response<Body>> {
    let proof = match asking.proof() {
        Ok(proof) => proof,
        Err(denial) => return Err(asking.refuse(denial).await),
    };
    let policy = proof.policy.clone();
    let (app, below, (call, shown)) = (asking.app, below.to_owned(), proof.into_call(asking.call));
    let inner = app.clone();
    let found = Asking::tracked(&app, async move { exchange::documents(&inner, call, shown, policy, &below).await }).await;
    found.map_err(|refused| answer::refused(&refused))
}

/// The document that is meant. Which of several there is says nothing of who may read it: that is decided after.
fn resolve(live: &Live, text: &str) -> Result<SecretName, Denial> {
    let name = SecretName::parse(text).map_err(|fault| not_here(&format!("The name of a secret: {fault}.")))?;
    if live.has_document(&name.path) {
        return Ok(name);
    }
    let with = |ending: &&str| SecretPath::parse(&format!("{}{ending}", name.path)).ok().filter(|path| live.has_document(path));
    let found = ENDINGS.iter().find_map(with);
    Ok(SecretName { path: found.unwrap_or(name.path), key: name.key })
}

/// A document's values by name; one value by the last part of its pointer, or as `value`.
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

/// The same with each value left out. A list is a value, and so is a mapping of none.
fn names(value: &Value, levels: u32) -> Value {
    match value {
        Value::Object(members) if levels > 0 && !members.is_empty() => {
            members.iter().map(|(name, value)| (name.clone(), names(value, levels - 1))).collect()
        }
        _ => Value::Null,
    }
}

/// There is one version: the one in force, of the commit that made it so. Nothing of it changes while the document does not: agents
/// and operators take another answer for another secret, and restart what reads it.
fn version(changed_at: UnixTime, unauthenticated: bool) -> Value {
    // Vault's own are texts.
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
