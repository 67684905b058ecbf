//! What `deploy/` gives a cluster: real kustomize and Helm render it, each field is checked, and a server starts with its configuration.

mod alerts;
mod chart;
mod dashboard;
mod pods;
mod restricted;
mod schemas;
mod settings;

use crate::support::peer;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Every folder that kustomize renders.
pub(crate) const OVERLAYS: [&str; 5] = ["overlays/dev", "overlays/staging", "overlays/production", "cert-manager", "operator-ca"];

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

fn objects(text: &str) -> Vec<Value> {
    // Every text within an object is indented.
    let documents = text.split("\n---").map(|document| serde_saphyr::from_str::<Value>(document).unwrap());
    documents.filter(|document| !document.is_null()).collect()
}

fn text_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The objects of an overlay; `None` without kubectl, which has kustomize in it.
pub(crate) fn kustomize(folder: &str) -> Option<Vec<Value>> {
    let output = Command::new(peer("kubectl")?).arg("kustomize").arg(deploy("kubernetes").join(folder)).output().unwrap();
    assert!(output.status.success(), "{folder}: {}", text_of(&output));
    Some(objects(&String::from_utf8_lossy(&output.stdout)))
}

/// Helm's output for the chart with the values of production and these arguments; `None` without Helm.
fn helm(arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(peer("helm")?);
    command.args(["template", "daypass"]).arg(deploy("helm/daypass")).args(["--namespace", "daypass", "--values"]);
    // Helm reads no configuration of whoever runs the test.
    command.arg(deploy("helm/production.yaml")).args(arguments).env("HELM_CONFIG_HOME", "/nonexistent");
    Some(command.output().unwrap())
}

/// The objects of the chart.
pub(crate) fn chart(arguments: &[&str]) -> Option<Vec<Value>> {
    let output = helm(arguments)?;
    assert!(output.status.success(), "{}", text_of(&output));
    Some(objects(&String::from_utf8_lossy(&output.stdout)))
}

/// The object of this kind and name, where a generated name ends with a hash.
fn named<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    let is_it = |object: &&Value| {
        let own = object["metadata"]["name"].as_str().unwrap();
        object["kind"] == kind && (own == name || kind == "ConfigMap" && own.starts_with(&format!("{name}-")))
    };
    objects.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} {name}"))
}

/// The `daypass.yaml` of the server.
fn settings(objects: &[Value]) -> Value {
    serde_saphyr::from_str(named(objects, "ConfigMap", "daypass")["data"]["daypass.yaml"].as_str().unwrap()).unwrap()
}
