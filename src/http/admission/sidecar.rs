//! What is put into a pod: the sidecar's containers, its volumes, its configuration, and what the app's containers get.

use super::annotations::{File, Mode, Reaction, Wishes};
use super::names::AWS_TOKEN;
use super::patch::End;
use super::pod::{FETCH, Owner, SIDECAR};
use crate::client::job_token::PROJECTED_TOKEN;
use crate::config::{PodToken, SidecarSettings};
use serde_json::{Map, Value, json};

/// Where the app finds its files.
pub(super) const DIRECTORY: &str = "/run/daypass";
pub(super) const FILES_VOLUME: &str = "daypass-files";
const TOKEN_VOLUME: &str = "daypass-token";
const AUTHORITY: &str = "ca.crt";
/// The variable that holds the configuration: no object of the cluster has to be made for it, and no other container sees it.
const CONFIGURATION: &str = "DAYPASS_SIDECAR";
/// Linux takes no longer string for a process (`MAX_ARG_STRLEN`, 128 KiB), with room for its name.
pub(super) const CONFIGURATION_BYTES_MAX: usize = 120 * 1024;
/// Memory for the files; it counts against the sidecar's own limit.
const FILES_SIZE: &str = "16Mi";
/// Where the sidecar serves AWS credentials, on loopback.
const AWS_LISTEN: &str = "127.0.0.1:9403";
/// The first fetch may wait this long for a server that restarts; then the container is started anew.
const WAIT: &str = "5m";
const STARTUP_PERIOD_SECONDS: u32 = 1;
const STARTUP_FAILURES_MAX: u32 = 300;
/// A node that starts many pods takes its time to start a probe.
const STARTUP_TIMEOUT_SECONDS: u32 = 5;

/// An injection that nothing stands against.
pub(super) struct Sidecar<'a> {
    pub(super) settings: &'a SidecarSettings,
    pub(super) wishes: &'a Wishes,
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
        for (name, file) in &self.wishes.files {
            match file {
                File::Secret(secret) => _ = secrets.insert(name.clone(), secret.to_string().into()),
                File::Template(text) => _ = templates.insert(name.clone(), text.as_str().into()),
            }
        }
        let optional = [
            ("ca", self.settings.server_ca.as_ref().map(|_| format!("{}/{AUTHORITY}", folder()).into())),
            ("policy", self.wishes.policy.as_ref().map(|policy| policy.as_str().into())),
            ("secrets", (!secrets.is_empty()).then_some(secrets.into())),
            ("templates", (!templates.is_empty()).then_some(templates.into())),
            ("on_change", self.wishes.on_change.as_ref().map(reaction)),
            ("aws", self.wishes.aws_role.as_ref().map(|role| json!({ "role": role, "listen": AWS_LISTEN }))),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                configuration[key] = value;
            }
        }
        configuration.to_string()
    }

    /// Memory for the files; and the token, with the server's authority beside it, which only the sidecar sees.
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

    /// The containers: in which list, at which end, what.
    pub(super) fn containers(&self) -> Vec<(&'static str, End, Value)> {
        match self.mode {
            Mode::Native => {
                let mut container = self.container(SIDECAR, &[]);
                container["restartPolicy"] = "Always".into();
                container["startupProbe"] = self.startup_probe();
                vec![("initContainers", End::Front, container)]
            }
            Mode::Init => vec![
                ("initContainers", End::Front, self.container(FETCH, &["--once", "--wait", WAIT])),
                ("containers", End::Back, self.container(SIDECAR, &[])),
            ],
            Mode::Once => vec![("initContainers", End::Front, self.container(FETCH, &["--once", "--wait", WAIT]))],
        }
    }

    /// The same for every pod but for its user: Kubernetes' `restricted` Pod Security Standard, and a file system that is not written.
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

    /// The variables by which AWS SDKs find the sidecar; in init containers only where it runs beside them.
    pub(super) fn variables(&self, list: &str) -> Vec<Value> {
        if self.wishes.aws_role.is_none() || (list == "initContainers" && self.mode != Mode::Native) {
            return Vec::new();
        }
        vec![
            json!({ "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": format!("http://{AWS_LISTEN}/aws/container") }),
            json!({ "name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": format!("{DIRECTORY}/{AWS_TOKEN}") }),
        ]
    }
}

/// The files, for the app to read.
pub(super) fn mount_for_the_app() -> Value {
    json!({ "name": FILES_VOLUME, "mountPath": DIRECTORY, "readOnly": true })
}

/// The kubelet expands `$(NAME)` in variables, and `$$` is one `$` to it.
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
