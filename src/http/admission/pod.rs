//! What a pod states, and what in it prevents an injection.

use super::annotations::{InjectionRequest, Mode};
use super::error::{OwnerError, PodError};
use super::names::{CONTAINERS_MAX, excerpt};
use crate::config::SidecarSettings;
use serde_json::Value;

/// The sidecar's name, and that of the init container which fetches once. No other container may have them.
pub(super) const SIDECAR: &str = "daypass";
pub(super) const FETCH: &str = "daypass-init";
/// The lists of containers, in the order in which they run.
pub(super) const LISTS: [&str; 2] = ["initContainers", "containers"];
/// Volumes whose group Kubernetes does not change, or changes only for this pod. Kubernetes docs, "Configure a Security Context
/// for a Pod".
const VOLUMES_OF_THE_POD: [&str; 8] = ["emptyDir", "configMap", "secret", "projected", "downwardAPI", "hostPath", "nfs", "image"];

/// A pod, its containers in order.
pub(super) struct Pod<'a> {
    spec: &'a Value,
    containers: Vec<Container<'a>>,
}

/// A container that is not ours.
pub(super) struct Container<'a> {
    pub(super) list: &'static str,
    pub(super) index: usize,
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
}

/// The user and group of the sidecar, and who may read its files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
    /// Whether the pod's own user owns the files; else its `fsGroup` reads them.
    pub(super) is_app: bool,
    /// The `fsGroup` to give to the pod, if it needs one.
    pub(super) new_fs_group: Option<u32>,
}

impl<'a> Pod<'a> {
    /// Reads the pod; the error names what is malformed or too much.
    pub(super) fn read(pod: &'a Value) -> Result<Self, PodError> {
        let spec = pod.get("spec").filter(|spec| spec.is_object()).ok_or(PodError::NoSpec)?;
        let mut containers = Vec::new();
        for list in LISTS {
            let items = match spec.get(list) {
                None | Some(Value::Null) => &[][..],
                Some(Value::Array(items)) => items,
                Some(_) => return Err(PodError::NoList { list }),
            };
            if items.len() > CONTAINERS_MAX {
                return Err(PodError::TooMany { list, count: items.len() });
            }
            for (index, value) in items.iter().enumerate() {
                let name = value["name"].as_str().filter(|name| !name.is_empty());
                let name = name.ok_or(PodError::NoName { list, index })?;
                containers.push(Container { list, index, name, value });
            }
        }
        Ok(Self { spec, containers })
    }

    /// The app's containers that get the files.
    pub(super) fn chosen<'s>(&'s self, injection: &'s InjectionRequest) -> impl Iterator<Item = &'s Container<'a>> {
        let named = |name: &str| injection.containers.as_ref().is_none_or(|names| names.iter().any(|listed| listed == name));
        self.containers.iter().filter(move |container| !container.is_called_as_ours() && named(container.name))
    }

    /// Everything that prevents an injection.
    pub(super) fn faults(&self, injection: &InjectionRequest, mode: Mode) -> Vec<String> {
        let flag = |name: &str| self.spec[name].as_bool();
        let signals = injection.signals();
        let os = |value: &Value| value == "windows";
        let mut faults = Vec::new();
        let mut add_if = |holds: bool, fault: &str| faults.extend(holds.then(|| fault.to_owned()));
        add_if(
            os(&self.spec["os"]["name"]) || os(&self.spec["nodeSelector"]["kubernetes.io/os"]),
            "this is a pod for Windows: the sidecar runs on Linux alone",
        );
        add_if(
            flag("hostNetwork") == Some(true) && injection.aws_role.is_some(),
            "`daypass.dev/aws-role` is served on loopback, which `hostNetwork: true` shares with the whole node: leave one of them out",
        );
        add_if(
            signals && flag("shareProcessNamespace") == Some(false),
            "`daypass.dev/on-change: signal:…` reaches the app only with `shareProcessNamespace: true`, and the pod says false: leave it out, or use http:PORT/PATH",
        );
        add_if(
            signals && flag("hostPID") == Some(true),
            "`daypass.dev/on-change: signal:…` would reach the node's processes with `hostPID: true`: use http:PORT/PATH",
        );
        add_if(
            mode == Mode::Once && injection.on_change.is_some(),
            "`daypass.dev/on-change` needs a sidecar that stays: not `daypass.dev/mode: once`",
        );
        add_if(
            mode == Mode::Once && injection.aws_role.is_some(),
            "`daypass.dev/aws-role` needs a sidecar that stays: not `daypass.dev/mode: once`",
        );
        add_if(
            mode == Mode::Init && self.spec["restartPolicy"].as_str().is_some_and(|policy| policy != "Always"),
            "a sidecar container would keep this pod from ever ending: use `daypass.dev/mode: native` (Kubernetes 1.29) or once",
        );
        add_if(self.chosen(injection).next().is_none(), "no container would get the files");
        for name in
            injection.containers.iter().flatten().filter(|name| !self.containers.iter().any(|container| container.name == **name))
        {
            faults.push(format!("`daypass.dev/containers` names `{}`, which is no container of the pod", excerpt(name)));
        }
        faults
    }

    /// The app's own user, if all chosen containers state the same one, so that nobody else reads the files. Else a group.
    pub(super) fn owner(&self, injection: &InjectionRequest, settings: &SidecarSettings) -> Result<Owner, OwnerError> {
        let stated = |value: &Value, key: &str| value["securityContext"][key].as_u64().and_then(|id| u32::try_from(id).ok());
        let pod = |key: &str| self.spec["securityContext"][key].as_u64().and_then(|id| u32::try_from(id).ok());
        let group = pod("runAsGroup").filter(|group| *group > 0).unwrap_or(settings.group);
        let users: Vec<Option<u32>> = self
            .chosen(injection)
            .map(|container| stated(container.value, "runAsUser").or(pod("runAsUser")))
            .filter(|user| *user != Some(0))
            .collect();
        if let Some(&Some(user)) = users.first()
            && users.iter().all(|other| *other == Some(user))
        {
            return Ok(Owner { user, group, is_app: true, new_fs_group: None });
        }
        if injection.signals() {
            return Err(OwnerError::Signals);
        }
        let new_fs_group = if pod("fsGroup").is_some() { None } else { Some(settings.group) };
        if new_fs_group.is_some()
            && let Some(volume) = self.volumes().find(|volume| !is_of_the_pod(volume))
        {
            return Err(OwnerError::Volume { volume: volume["name"].as_str().unwrap_or_default().to_owned() });
        }
        Ok(Owner { user: settings.user, group, is_app: false, new_fs_group })
    }

    fn volumes(&self) -> impl Iterator<Item = &'a Value> {
        self.spec["volumes"].as_array().into_iter().flatten()
    }
}

impl Container<'_> {
    fn is_called_as_ours(&self) -> bool {
        self.name == SIDECAR || self.name == FETCH
    }
}

fn is_of_the_pod(volume: &Value) -> bool {
    volume.as_object().is_some_and(|volume| volume.keys().all(|key| key == "name" || VOLUMES_OF_THE_POD.contains(&key.as_str())))
}
