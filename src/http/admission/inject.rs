//! A pod in, a patch out. Pure: the same pod and settings give the same patch, and a pod that already has the sidecar gives none.

use super::annotations::{self, InjectionRequest, Mode, PodRequest};
use super::conflict;
use super::error::Conflict;
use super::names::excerpt;
use super::patch::{ListEnd, Patch};
use super::pod::{LISTS, Owner, Pod};
use super::refusal::Refusal;
use super::sidecar::{self, Sidecar};
use crate::config::SidecarSettings;
use serde_json::{Map, Value};

/// What becomes of a pod.
pub(super) struct Injected {
    /// What is added.
    pub(super) patch: Patch,
    /// What the author should know.
    pub(super) warnings: Vec<String>,
}

/// Nobody reads more.
const WARNINGS_MAX: usize = 5;

/// Injects the sidecar where the pod's annotations ask for it.
pub(super) fn inject(pod: Value, settings: &SidecarSettings) -> Result<Injected, Refusal> {
    let nothing = Map::new();
    let annotations = match &pod["metadata"]["annotations"] {
        Value::Null => &nothing,
        Value::Object(annotations) => annotations,
        _ => return Err(Refusal::bad("`metadata.annotations` is not a mapping")),
    };
    let injection = match annotations::read(annotations)? {
        PodRequest::Injection(injection) => *injection,
        PodRequest::Nothing(idle) => {
            let warning = |name: &String| format!("`daypass.dev/{name}` does nothing without `daypass.dev/inject: \"true\"`");
            let warnings = idle.iter().take(WARNINGS_MAX).map(warning).collect();
            return Ok(Injected { patch: Patch::new(pod), warnings });
        }
    };
    let sidecar = plan(&pod, &injection, settings)?;
    let mut patch = Patch::new(pod.clone());
    let faults = apply(&mut patch, &pod, &injection, &sidecar);
    if faults.is_empty() { Ok(Injected { patch, warnings: Vec::new() }) } else { Err(Refusal::all_forbidden(faults)) }
}

/// The sidecar to inject, or everything that prevents it.
fn plan<'a>(pod: &Value, injection: &'a InjectionRequest, settings: &'a SidecarSettings) -> Result<Sidecar<'a>, Refusal> {
    let default = if settings.native { Mode::Native } else { Mode::Init };
    let mode = injection.mode.unwrap_or(default);
    if mode == Mode::Native && !settings.native {
        return Err(Refusal::bad(
            "`daypass.dev/mode: native` needs Kubernetes 1.29, and the server's `admission.native_sidecars` is false: use init",
        ));
    }
    let token = match &injection.issuer {
        Some(name) => settings.issuers.get(name),
        None if settings.issuers.len() == 1 => settings.issuers.values().next(),
        None => None,
    };
    let token = token.ok_or_else(|| {
        let known: Vec<&str> = settings.issuers.keys().map(crate::words::names::IssuerName::as_str).collect();
        Refusal::bad(format!("`daypass.dev/issuer` has to name this cluster, one of: {}", known.join(", ")))
    })?;
    let pod = Pod::read(pod).map_err(|fault| Refusal::bad(fault.to_string()))?;
    let mut faults = pod.faults(injection, mode);
    let owner = pod.owner(injection, settings).map_err(|fault| faults.push(fault.to_string())).ok();
    let sidecar = owner.filter(|_| faults.is_empty()).map(|owner: Owner| Sidecar { settings, injection, token, owner, mode });
    let sidecar = sidecar.ok_or_else(|| Refusal::all_forbidden(faults))?;
    if sidecar.configuration().len() > sidecar::CONFIGURATION_BYTES_MAX {
        return Err(Refusal::bad(format!(
            "all templates and secrets together are more than {} KiB",
            sidecar::CONFIGURATION_BYTES_MAX / 1024
        )));
    }
    Ok(sidecar)
}

/// Adds what is missing; the faults name what differs from what would be added.
fn apply(patch: &mut Patch, pod: &Value, injection: &InjectionRequest, sidecar: &Sidecar<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for volume in sidecar.volumes() {
        faults.extend(ensure(patch, &["spec", "volumes"], ListEnd::Back, "volume", volume).err().map(|fault| fault.to_string()));
    }
    let containers = sidecar.containers();
    for list in LISTS {
        for name in [super::pod::SIDECAR, super::pod::FETCH] {
            let expected = containers.iter().any(|(where_to, _, value)| *where_to == list && value["name"] == name);
            if !expected && named(patch.pod(), &["spec", list], name).is_some() {
                faults.push(format!(
                    "a container of `spec.{list}` is called `{name}`, which is the name of an injected container: call it differently"
                ));
            }
        }
    }
    for (list, end, container) in containers {
        faults.extend(ensure(patch, &["spec", list], end, "container", container).err().map(|fault| fault.to_string()));
    }
    if let Some(group) = sidecar.owner.new_fs_group {
        patch.set(&["spec", "securityContext", "fsGroup"], group.into());
    }
    if injection.signals() && pod["spec"]["shareProcessNamespace"].as_bool() != Some(true) {
        patch.set(&["spec", "shareProcessNamespace"], true.into());
    }
    let after = patch.pod().clone();
    let Ok(read) = Pod::read(&after) else { return faults };
    for container in read.chosen(injection) {
        let place = ["spec", container.list, &container.index.to_string()];
        match conflict::missing_mount(container.value) {
            Ok(true) => patch.push(&[&place[..], &["volumeMounts"]].concat(), ListEnd::Back, sidecar::mount_for_the_app()),
            Ok(false) => {}
            Err(fault) => faults.push(format!("container `{}`: {fault}", excerpt(container.name))),
        }
        for variable in sidecar.variables(container.list) {
            match conflict::missing_variable(container.value, &variable) {
                Ok(true) => patch.push(&[&place[..], &["env"]].concat(), ListEnd::Back, variable),
                Ok(false) => {}
                Err(fault) => faults.push(format!("container `{}`: {fault}", excerpt(container.name))),
            }
        }
    }
    faults
}

/// Adds an item unless the list has one of its name, which has to be the same.
fn ensure(patch: &mut Patch, list: &[&str], end: ListEnd, what: &'static str, item: Value) -> Result<(), Conflict> {
    let name = item["name"].as_str().unwrap_or_default().to_owned();
    match named(patch.pod(), list, &name) {
        None => {
            patch.push(list, end, item);
            Ok(())
        }
        Some(found) if conflict::is_the_same(found, &item) => Ok(()),
        Some(_) => Err(Conflict::Item { what, name }),
    }
}

fn named<'v>(pod: &'v Value, list: &[&str], name: &str) -> Option<&'v Value> {
    pod.pointer(&format!("/{}", list.join("/")))?.as_array()?.iter().find(|item| item["name"] == name)
}

#[cfg(test)]
mod tests;
