//! kubectl's exec plugins (Kubernetes reference, "Client Authentication (v1)"): an `ExecCredential` on standard output.

use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_USAGE};
use crate::kind::IdToken;
use serde::Deserialize;
use serde_json::{Value, json};

/// The versions that kubectl supports. Both have the same members here.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
/// The variable with kubectl's request.
const EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

/// The word in `kind`.
const EXEC_CREDENTIAL: &str = "ExecCredential";

/// What is read of kubectl's request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecInfo {
    kind: String,
    #[serde(default)]
    api_version: String,
}

/// The version that the caller asks for, or the newest one.
pub fn version(environment: &Environment) -> Result<&'static str, Failure> {
    let Some(text) = environment.value(EXEC_INFO) else { return Ok(VERSIONS[0]) };
    let failure = |fault: &str| Failure::new(STATUS_USAGE, format!("{EXEC_INFO} {fault}"));
    let info: Value = serde_json::from_str(text).map_err(|_| failure("is no JSON document"))?;
    let info = ExecInfo::deserialize(&info).ok().filter(|info| info.kind == EXEC_CREDENTIAL);
    let requested = info.ok_or_else(|| failure("is no ExecCredential"))?.api_version;
    let known = VERSIONS.into_iter().find(|version| *version == requested);
    known
        .ok_or_else(|| failure(&format!("asks for `{requested}`: set the user's `exec.apiVersion` to {}", VERSIONS.join(" or "))))
}

/// The credential, which kubectl keeps until `expirationTimestamp`.
pub fn document(version: &str, token: &IdToken) -> Value {
    let status = json!({ "expirationTimestamp": token.expires_at.to_string(), "token": token.token.expose_text() });
    json!({ "apiVersion": version, "kind": EXEC_CREDENTIAL, "status": status })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;

    #[test]
    fn the_version_that_was_asked_for_is_answered_and_no_other() {
        let version_of = |info: &str| version(&[(EXEC_INFO, info)].into());
        let info =
            |version: &str| json!({"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": false}}).to_string();
        for known in VERSIONS {
            assert_eq!(version_of(&info(known)).unwrap(), known);
        }
        assert_eq!(version(&Environment::default()).unwrap(), VERSIONS[0]);
        let old = version_of(&info("client.authentication.k8s.io/v1alpha1")).unwrap_err();
        assert!(old.message.contains("v1alpha1") && old.message.contains("exec.apiVersion"), "{}", old.message);
        for broken in ["nonsense", "{}", "[]"] {
            assert!(version_of(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn the_document_has_the_token_and_its_end() {
        let audience = crate::words::names::Audience::parse("https://a.example").unwrap();
        let token = IdToken { audience, token: "a.b.c".to_owned().into(), expires_at: UnixTime::from_seconds(1_800_000_000) };
        let status = json!({"expirationTimestamp": "2027-01-15T08:00:00Z", "token": "a.b.c"});
        assert_eq!(document(VERSIONS[1], &token), json!({"apiVersion": VERSIONS[1], "kind": "ExecCredential", "status": status}));
    }
}
