//! What is injected into a pod: the sidecar's containers, its volumes, its configuration, and what the app's containers get.

use super::annotations::{File, InjectionRequest, Mode, Reaction};
use super::names::AWS_TOKEN;
use super::patch::ListEnd;
use super::pod::{FETCH, Owner, SIDECAR};
use crate::client::job_token::PROJECTED_TOKEN;
use crate::config::{PodToken, SidecarSettings};
use serde_json::{Map, Value, json};

/// Where the app finds its files.
pub(super) const DIRECTORY: &str = "/run/daypass";
pub(super) const FILES_VOLUME: &str = "daypass-files";
const TOKEN_VOLUME: &str = "daypass-token";
const AUTHORITY: &str = "ca.crt";
/// The variable that holds the configuration: it needs no other object of the cluster, and no other container sees it.
const CONFIGURATION: &str = "DAYPASS_SIDECAR";
/// Linux limits a variable with its name to 128 KiB (`MAX_ARG_STRLEN`).
pub(super) const CONFIGURATION_BYTES_MAX: usize = 120 * 1024;
/// Memory for the files; it counts against the sidecar's own limit.
const FILES_SIZE: &str = "16Mi";
/// Where the sidecar serves AWS credentials, on loopback.
const AWS_LISTEN: &str = "127.0.0.1:9403";
/// The first fetch may wait this long for a server that restarts; then Kubernetes restarts the container.
const WAIT: &str = "5m";
const STARTUP_PERIOD_SECONDS: u32 = 1;
const STARTUP_FAILURES_MAX: u32 = 300;
/// A node that starts many pods is slow to run a probe.
const STARTUP_TIMEOUT_SECONDS: u32 = 5;

/// A sidecar that can be injected.
pub(super) struct Sidecar<'a> {
    pub(super) settings: &'a SidecarSettings,
    pub(super) injection: &'a InjectionRequest,
    pub(super) token: &'a PodToken,
    pub(super) owner: Owner,
    pub(super) mode: Mode,
}

impl Sidecar<'_> {
    /// The configuration, as `daypass sidecar` reads it: YAML, of which JSON is a part.
    pub(super) fn configuration(&self) -> String {
        let mut configuration = json!({
            "server": self.settings.server,
            "audience": self.token.audience,
            "token_file": PROJECTED_TOKEN,
            "folder": DIRECTORY,
            "mode": if self.owner.is_app { "0400" } else { "0440" },
        });
        let (mut secrets, mut templates) = (Map::new(), Map::new());
        for (name, file) in &self.injection.files {
            match file {
                File::Secret(secret) => _ = secrets.insert(name.clone(), secret.to_string().into()),
                File::Template(text) => _ = templates.insert(name.clone(), text.as_str().into()),
            }
        }
        let optional = [
            ("ca", self.settings.server_ca.as_ref().map(|_| format!("{}/{AUTHORITY}", folder()).into())),
            ("policy", self.injection.policy.as_ref().map(|policy| policy.as_str().into())),
            ("secrets", (!secrets.is_empty()).then_some(secrets.into())),
            ("templates", (!templates.is_empty()).then_some(templates.into())),
            ("on_change", self.injection.on_change.as_ref().map(reaction)),
            ("aws", self.injection.aws_role.as_ref().map(|role| json!({ "role": role, "listen": AWS_LISTEN }))),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                configuration[key] = value;
            }
        }
        configuration.to_string()
    }

    /// The files' volume, in memory, and a volume that only the sidecar mounts, with the token and the server's authority.
    pub(super) fn volumes(&self) -> [Value; 2] {
        let token =
            json!({ "path": file(), "audience": self.token.audience, "expirationSeconds": self.token.expiration.as_secs() });
        let mut sources = vec![json!({ "serviceAccountToken": token })];
        if let Some(authority) = &self.settings.server_ca {
            let item = json!({ "key": authority.key, "path": AUTHORITY });
            sources.push(json!({ "configMap": { "name": authority.config_map, "items": [item] } }));
        }
        [
            json!({ "name": FILES_VOLUME, "emptyDir": { "medium": "Memory", "sizeLimit": FILES_SIZE } }),
            json!({ "name": TOKEN_VOLUME, "projected": { "sources": sources } }),
        ]
    }

    /// The containers to inject: the list, the end of the list, and the container.
    pub(super) fn containers(&self) -> Vec<(&'static str, ListEnd, Value)> {
        match self.mode {
            Mode::Native => {
                let mut container = self.container(SIDECAR, &[]);
                container["restartPolicy"] = "Always".into();
                container["startupProbe"] = self.startup_probe();
                vec![("initContainers", ListEnd::Front, container)]
            }
            Mode::Init => vec![
                ("initContainers", ListEnd::Front, self.container(FETCH, &["--once", "--wait", WAIT])),
                ("containers", ListEnd::Back, self.container(SIDECAR, &[])),
            ],
            Mode::Once => vec![("initContainers", ListEnd::Front, self.container(FETCH, &["--once", "--wait", WAIT]))],
        }
    }

    /// Only the user and group differ from pod to pod. It meets Kubernetes' `restricted` Pod Security Standard, and its root file
    /// system is read-only.
    fn container(&self, name: &str, more: &[&str]) -> Value {
        let command = [&["daypass", "sidecar"], more].concat();
        json!({
            "name": name,
            "image": self.settings.image,
            "imagePullPolicy": "IfNotPresent",
            "command": command,
            "env": [{ "name": CONFIGURATION, "value": literal(&self.configuration()) }],
            "resources": self.settings.resources,
            "securityContext": {
                "runAsUser": self.owner.user,
                "runAsGroup": self.owner.group,
                "runAsNonRoot": true,
                "readOnlyRootFilesystem": true,
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "volumeMounts": [
                { "name": FILES_VOLUME, "mountPath": DIRECTORY },
                { "name": TOKEN_VOLUME, "mountPath": folder(), "readOnly": true },
            ],
        })
    }

    fn startup_probe(&self) -> Value {
        json!({
            "exec": { "command": ["daypass", "sidecar", "--check"] },
            "timeoutSeconds": STARTUP_TIMEOUT_SECONDS,
            "periodSeconds": STARTUP_PERIOD_SECONDS,
            "failureThreshold": STARTUP_FAILURES_MAX,
        })
    }

    /// The variables by which AWS SDKs find the sidecar. Init containers get them only if the sidecar runs while they do.
    pub(super) fn variables(&self, list: &str) -> Vec<Value> {
        if self.injection.aws_role.is_none() || (list == "initContainers" && self.mode != Mode::Native) {
            return Vec::new();
        }
        vec![
            json!({ "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": format!("http://{AWS_LISTEN}/aws/container") }),
            json!({ "name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": format!("{DIRECTORY}/{AWS_TOKEN}") }),
        ]
    }
}

/// The files' mount in the app's containers.
pub(super) fn mount_for_the_app() -> Value {
    json!({ "name": FILES_VOLUME, "mountPath": DIRECTORY, "readOnly": true })
}

/// Escapes a text for the kubelet, which expands `$(NAME)` in variables and reads `$$` as one `$`.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

/// The folder and the name of the projected token.
fn folder() -> &'static str {
    PROJECTED_TOKEN.rsplit_once('/').map_or(PROJECTED_TOKEN, |(folder, _)| folder)
}

fn file() -> &'static str {
    PROJECTED_TOKEN.rsplit_once('/').map_or(PROJECTED_TOKEN, |(_, file)| file)
}

fn reaction(reaction: &Reaction) -> Value {
    match reaction {
        Reaction::Signal(signal, process) => json!({ "signal": signal, "process": process }),
        Reaction::Http(port, path) => json!({ "http": format!("http://127.0.0.1:{port}{path}") }),
        Reaction::Exec(words) => json!({ "exec": words }),
    }
}
