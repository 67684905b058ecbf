//! `AdmissionReview` of `admission.k8s.io/v1`: the members that are read, and the answer. Kubernetes docs, "Dynamic Admission
//! Control".

use super::error::ReviewError;
use super::names::{API, KIND};
use super::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest `uid`; Kubernetes writes a UUID.
const UID_BYTES_MAX: usize = 128;
/// Kubernetes cuts warnings beyond 256 characters, and drops them beyond 4,096 in all.
const WARNING_CHARACTERS_MAX: usize = 256;
/// Characters of a message, which kubectl shows on one line.
const MESSAGE_CHARACTERS_MAX: usize = 4096;

/// The review as the API server sends it. Newer servers may add members.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Review {
    api_version: String,
    kind: String,
    request: Option<Request>,
}

/// The request of a review.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    /// The id that the answer repeats.
    pub(super) uid: String,
    kind: GroupVersionKind,
    #[serde(default)]
    sub_resource: String,
    /// The pod's namespace.
    #[serde(default)]
    pub(super) namespace: String,
    operation: String,
    #[serde(default)]
    object: Value,
}

#[derive(Deserialize)]
struct GroupVersionKind {
    #[serde(default)]
    group: String,
    version: String,
    kind: String,
}

impl Review {
    /// Reads the body; the error is for the API server, which wrote it. `serde_json` limits its nesting to 128.
    pub(super) fn read(body: &[u8]) -> Result<Request, ReviewError> {
        let review: Self = serde_json::from_slice(body)?;
        if review.api_version != API || review.kind != KIND {
            let found: String = format!("{} of {}", review.kind, review.api_version).chars().take(100).collect();
            return Err(ReviewError::Other { found });
        }
        let request = review.request.ok_or(ReviewError::NoRequest)?;
        if request.uid.is_empty() || request.uid.len() > UID_BYTES_MAX {
            return Err(ReviewError::NoUid);
        }
        Ok(request)
    }
}

impl Request {
    /// The pod to create. A request about anything else is a mistake in the webhook's registration, and the refusal says so.
    pub(super) fn pod(&mut self) -> Result<Value, Refusal> {
        let kind = &self.kind;
        let requested =
            (kind.group.as_str(), kind.version.as_str(), kind.kind.as_str(), self.sub_resource.as_str(), self.operation.as_str());
        match requested {
            ("", "v1", "Pod", "", "CREATE") if self.object.is_object() => Ok(self.object.take()),
            ("", "v1", "Pod", "", "CREATE") => Err(Refusal::bad("the request has no pod in `object`")),
            _ => Err(Refusal::bad(
                "daypass injects into pods while they are created: register this webhook for `operations: [CREATE]` of `pods` alone",
            )),
        }
    }
}

/// The answer that lets the pod in, as it is or with additions.
pub(super) fn allowed(uid: &str, operations: &[Value], warnings: &[String]) -> Value {
    let mut response = json!({ "uid": uid, "allowed": true });
    if !operations.is_empty() {
        response["patchType"] = "JSONPatch".into();
        response["patch"] = STANDARD.encode(Value::from(operations.to_vec()).to_string()).into();
    }
    if !warnings.is_empty() {
        response["warnings"] = warnings.iter().map(|warning| Value::from(cut(warning, WARNING_CHARACTERS_MAX))).collect();
    }
    envelope(response)
}

/// The answer that refuses the pod, in a text that `kubectl` shows.
pub(super) fn refused(uid: &str, refusal: &Refusal) -> Value {
    let reason = if refusal.code == 400 { "BadRequest" } else { "Forbidden" };
    let status = json!({ "code": refusal.code, "reason": reason, "message": cut(&refusal.message(), MESSAGE_CHARACTERS_MAX) });
    envelope(json!({ "uid": uid, "allowed": false, "status": status }))
}

fn envelope(response: Value) -> Value {
    json!({ "apiVersion": API, "kind": KIND, "response": response })
}

fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    text.chars().take(characters_max - 1).chain(['…']).collect()
}
