//! Compares what a pod already has with what would be injected: it is the same, missing, or in conflict.

use super::error::Conflict;
use super::sidecar::{DIRECTORY, FILES_VOLUME};
use serde_json::Value;

/// `/var/run` is a link to `/run` in most images.
const RESERVED: [&str; 2] = [DIRECTORY, "/var/run/daypass"];
/// Variables that AWS SDKs read before container credentials. AWS SDKs and Tools Reference Guide, "Standardized credential
/// providers".
const BEFORE_CONTAINER_CREDENTIALS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

/// Whether `found` contains all of `expected`. It may also have what other admission adds (defaults, the service account's mount),
/// another registry for the same image, and other resources.
pub(super) fn is_the_same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, expected)| match (key.as_str(), found.get(key)) {
                ("resources" | "imagePullPolicy", _) => true,
                (_, None) => false,
                ("image", Some(found)) => digest(found).is_some() && digest(found) == digest(expected),
                // Nobody else may add to the sidecar's command, or to its privileges.
                ("command" | "args", Some(found)) => found == expected,
                ("securityContext", Some(found)) => has_the_same_powers(found, expected),
                (_, Some(found)) => is_the_same(found, expected),
            })
        }
        (Value::Array(found), Value::Array(expected)) => {
            expected.iter().all(|expected| found.iter().any(|found| is_the_same(found, expected)))
        }
        _ => found == expected,
    }
}

/// Equal, except for `procMount: Default`: API servers add it, and its absence means the same.
fn has_the_same_powers(found: &Value, expected: &Value) -> bool {
    let mut found = found.clone();
    if let Some(members) = found.as_object_mut()
        && members.get("procMount").is_some_and(|mount| mount == "Default")
    {
        members.shift_remove("procMount");
    }
    found == *expected
}

fn digest(image: &Value) -> Option<&str> {
    image.as_str()?.split_once("@sha256:").map(|(_, digest)| digest)
}

/// Whether the mount of the files is missing; the error names what is in its place.
pub(super) fn missing_mount(container: &Value) -> Result<bool, Conflict> {
    for mount in container["volumeMounts"].as_array().into_iter().flatten() {
        let path = resolved(mount["mountPath"].as_str().unwrap_or_default());
        let is_ours = mount["name"] == FILES_VOLUME && path == DIRECTORY && mount["readOnly"] == true;
        if is_ours && mount.get("subPath").is_none() && mount.get("subPathExpr").is_none() {
            return Ok(false);
        }
        if RESERVED
            .iter()
            .any(|reserved| path.strip_prefix(reserved).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        {
            return Err(Conflict::Mount { path });
        }
    }
    Ok(true)
}

/// Whether a variable is missing; the error names the variable in its way.
pub(super) fn missing_variable(container: &Value, variable: &Value) -> Result<bool, Conflict> {
    let mut is_missing = true;
    for there in container["env"].as_array().into_iter().flatten() {
        let name = there["name"].as_str().unwrap_or_default();
        if there["name"] == variable["name"] {
            if there["value"] != variable["value"] {
                return Err(Conflict::Variable { variable: name.to_owned() });
            }
            is_missing = false;
        } else if BEFORE_CONTAINER_CREDENTIALS.contains(&name) {
            return Err(Conflict::BeforeOurs { variable: name.to_owned() });
        }
    }
    Ok(is_missing)
}

/// The path without `.`, `..` and doubled slashes.
fn resolved(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn additions_of_others_are_no_difference_and_changes_are() {
        let expected = json!({ "name": "daypass", "image": "a/daypass@sha256:11", "args": ["x"], "env": [{ "name": "A", "value": "1" }], "resources": { "limits": { "cpu": "1000m" } } });
        let with = |key: &str, value: Value| {
            let mut found = expected.clone();
            found[key] = value;
            is_the_same(&found, &expected)
        };
        assert!(with("terminationMessagePath", "/dev/termination-log".into()));
        assert!(with("image", "mirror/daypass@sha256:11".into()) && with("resources", json!({ "limits": { "cpu": "1" } })));
        assert!(with("env", json!([{ "name": "B" }, { "name": "A", "value": "1" }])));
        for (key, value) in [
            ("image", json!("a/daypass@sha256:12")),
            ("image", json!("a/daypass:latest")),
            ("args", json!(["x", "y"])),
            ("env", json!([{ "name": "A", "value": "2" }])),
            ("env", json!([])),
        ] {
            assert!(!with(key, value.clone()), "{key}: {value}");
        }
    }

    #[test]
    fn nothing_is_mounted_over_the_secrets() {
        let container = |path: &str| json!({ "volumeMounts": [{ "name": "x", "mountPath": path }] });
        for path in ["/run/daypass", "/run//daypass/", "/run/daypass/db", "/var/run/daypass", "/run/x/../daypass"] {
            assert!(missing_mount(&container(path)).is_err(), "{path}");
        }
        for path in ["/run", "/run/daypassing", "/data", ""] {
            assert_eq!(missing_mount(&container(path)), Ok(true), "{path}");
        }
    }

    #[test]
    fn every_variable_of_a_container_is_compared_also_after_ours() {
        let ours = json!({ "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://127.0.0.1:9403/" });
        let missing = |env: Value| missing_variable(&json!({ "env": env }), &ours);
        assert_eq!((missing(json!([])), missing(json!([ours, { "name": "A" }]))), (Ok(true), Ok(false)));
        let before = json!({ "name": "AWS_ACCESS_KEY_ID", "value": "x" });
        let other = json!({ "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://127.0.0.1:1/" });
        for env in [json!([ours, before]), json!([before, ours]), json!([ours, other]), json!([other, ours])] {
            assert!(missing(env.clone()).is_err(), "{env}");
        }
    }
}
