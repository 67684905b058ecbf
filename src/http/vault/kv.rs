//! KV, version 2: documents of the repositories, as far as the identity is granted them. Each read is an exchange of its own.

use super::answer;
use super::{Asking, not_here};
use crate::app::Live;
use crate::exchange::{self, Asked, Refused, Released};
use crate::policy::{Request, Wanted};
use crate::secrets::document_values;
use crate::words::names::{SecretName, SecretPath};
use crate::words::{Denial, Reason, UnixTime};
use axum::body::Body;
use axum::http::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a name in a KV store lacks of a document's: tried in this order where there is none of the name as it is.
const ENDINGS: [&str; 5] = [".yaml", ".yml", ".json", ".env", ".age"];
/// The name of the one value that a file is which is no mapping.
const VALUE: &str = "value";

/// `<mount>/data/<path>`.
pub(super) async fn read(asking: Asking, text: &str) -> Response<Body> {
    let (name, proof) = match resolve(&asking.app.live.load(), text).and_then(|name| Ok((name, asking.proof()?))) {
        Ok(found) => found,
        Err(denial) => return asking.refuse(denial).await,
    };
    let asked = Asked::credentials(Request::one(Wanted::Secret(name.clone()), proof.policy.clone()));
    let (app, (call, shown)) = (asking.app, proof.into_call(asking.call));
    let inner = app.clone();
    match Asking::tracked(&app, async move { exchange::exchange_shown(&inner, call, shown, asked).await }).await {
        Ok(released) => told(&released, &name, app.now()).unwrap_or_else(|| {
            answer::refused(&Refused::unrecorded(Reason::Internal.because("a released document is not of our own form")))
        }),
        Err(refused) => answer::refused(&refused),
    }
}

/// What is read here of the native API's document.
#[derive(Deserialize)]
struct Document<'a> {
    decision_id: &'a str,
    policy_revision: &'a str,
    #[serde(borrow)]
    credentials: [Credential<'a>; 1],
}

#[derive(Deserialize)]
struct Credential<'a> {
    #[serde(borrow)]
    secret: Secret<'a>,
}

#[derive(Deserialize)]
struct Secret<'a> {
    #[serde(borrow)]
    value: Cow<'a, str>,
    encoding: Option<&'a str>,
    #[serde(default)]
    unauthenticated: bool,
}

fn told(released: &Released, name: &SecretName, now: UnixTime) -> Option<Response<Body>> {
    let Document { decision_id, policy_revision, credentials: [Credential { secret }] } =
        serde_json::from_slice(released.expose()).ok()?;
    let metadata = Version::of(now, policy_revision, secret.unauthenticated);
    Some(answer::data(decision_id, Read { data: values(name, &secret), metadata }))
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
    let now = asking.app.now();
    match documents(asking, path.as_str()).await {
        Ok(_) => answer::data("", described(now)),
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
fn values(name: &SecretName, secret: &Secret<'_>) -> Value {
    let text = &*secret.value;
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

#[derive(Serialize)]
struct Read<'a> {
    data: Value,
    metadata: Version<'a>,
}

/// There is one version: the one in force. Its age is the repository's to tell, so the time is that of the answer.
#[derive(Serialize)]
struct Version<'a> {
    created_time: String,
    custom_metadata: Custom<'a>,
    deletion_time: &'static str,
    destroyed: bool,
    version: u32,
}

#[derive(Serialize)]
struct Custom<'a> {
    policy_revision: &'a str,
    /// Vault's own are texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    unauthenticated: Option<&'static str>,
}

impl<'a> Version<'a> {
    fn of(now: UnixTime, policy_revision: &'a str, unauthenticated: bool) -> Self {
        let custom_metadata = Custom { policy_revision, unauthenticated: unauthenticated.then_some("true") };
        Self { created_time: now.to_string(), custom_metadata, deletion_time: "", destroyed: false, version: 1 }
    }
}

fn described(now: UnixTime) -> Value {
    let one = json!({ "created_time": now.to_string(), "deletion_time": "", "destroyed": false });
    json!({
        "created_time": now.to_string(), "updated_time": now.to_string(), "current_version": 1, "oldest_version": 1, "max_versions": 1,
        "cas_required": false, "custom_metadata": null, "delete_version_after": "0s", "versions": { "1": one },
    })
}

#[cfg(test)]
mod tests;
