//! The rendered pods, and the objects around them.

use super::restricted::broken;
use super::{OVERLAYS, chart, kustomize, named, settings};
use serde_json::{Value, json};

/// The spec of the server's pod.
fn pod(objects: &[Value]) -> Value {
    let mut spec = named(objects, "StatefulSet", "daypass")["spec"]["template"]["spec"].clone();
    // kustomize ends the name with a hash of what is in it, Helm writes the hash into an annotation.
    let volumes = spec["volumes"].as_array_mut().unwrap();
    let configuration = volumes.iter_mut().find(|volume| volume["name"] == "configuration").unwrap();
    configuration["configMap"]["name"] = "daypass".into();
    spec
}

/// Each object without the labels and annotations that only Helm writes, sorted by kind and name.
fn comparable(objects: &[Value]) -> Vec<(String, String, Value)> {
    let mut all: Vec<_> = objects.iter().cloned().map(stripped).collect();
    all.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    all
}

fn stripped(mut object: Value) -> (String, String, Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
    object["metadata"].as_object_mut().unwrap().remove("labels");
    if kind == "StatefulSet" {
        object["spec"]["template"].as_object_mut().unwrap().remove("metadata");
    }
    without_instance(&mut object);
    (kind, name, object)
}

/// A selector of the chart names the release too.
fn without_instance(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("app.kubernetes.io/instance");
            members.values_mut().for_each(without_instance);
        }
        Value::Array(items) => items.iter_mut().for_each(without_instance),
        _ => {}
    }
}

#[test]
fn every_pod_keeps_to_the_restricted_standard() {
    for overlay in OVERLAYS {
        let Some(objects) = kustomize(overlay) else { return };
        assert_eq!(broken(&pod(&objects)), [""; 0], "{overlay}");
        let labels = &named(&objects, "Namespace", "daypass")["metadata"]["labels"];
        assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted", "{overlay}");
    }
    let bare = ["--set", "webhook.enabled=false", "--set", "config.admission=null"];
    for arguments in [&[][..], &bare[..]] {
        let Some(objects) = chart(arguments) else { return };
        assert_eq!(broken(&pod(&objects)), [""; 0]);
    }
}

#[test]
fn the_chart_and_the_overlay_of_production_are_one_server() {
    let (Some(overlay), Some(chart)) = (kustomize("overlays/production"), chart(&[])) else { return };
    assert_eq!(pod(&chart), pod(&overlay));
    assert_eq!(settings(&chart), settings(&overlay));
    let signers = |objects: &[Value]| {
        let text = named(objects, "ConfigMap", "daypass")["data"]["allowed_signers"].as_str().unwrap().to_owned();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(signers(&chart), signers(&overlay));
    // The chart has no namespace: whoever calls Helm makes it.
    let but = |objects: &[Value]| {
        let mut rest = comparable(objects);
        rest.retain(|(kind, ..)| !["Namespace", "ConfigMap", "StatefulSet"].contains(&kind.as_str()));
        rest
    };
    let (chart, overlay) = (but(&chart), but(&overlay));
    let names = |all: &[(String, String, Value)]| all.iter().map(|(kind, name, _)| format!("{kind} {name}")).collect::<Vec<_>>();
    assert_eq!(names(&chart), names(&overlay));
    chart.iter().zip(&overlay).for_each(|(one, other)| assert_eq!(one, other));
}

#[test]
fn every_environment_runs_one_image_and_injects_the_same() {
    let mut seen = std::collections::BTreeSet::new();
    for overlay in OVERLAYS {
        let Some(objects) = kustomize(overlay) else { return };
        let spec = pod(&objects);
        let images = spec["containers"].as_array().unwrap().iter().map(|container| container["image"].clone());
        seen.extend(images.chain([settings(&objects)["admission"]["image"].clone()]).map(|image| image.to_string()));
    }
    let Some(objects) = chart(&[]) else { return };
    seen.insert(pod(&objects)["containers"][0]["image"].to_string());
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen.iter().all(|image| regex::Regex::new(r#"^"[^@:]+@sha256:[0-9a-f]{64}"$"#).unwrap().is_match(image)), "{seen:?}");
    assert_eq!(written_digests(), ["deploy/helm/production.yaml", "deploy/kubernetes/image/kustomization.yaml"]);
}

/// The files of `deploy/` that hold a digest, without the configuration of a server outside of a cluster.
fn written_digests() -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![super::deploy("")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).is_ok_and(|text| text.contains("sha256:0")) {
                files.push(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string());
            }
        }
    }
    files.retain(|file| file != "deploy/daypass.yaml");
    files.sort();
    files
}

#[test]
fn one_process_holds_the_store_and_probes_ask_for_readiness() {
    for overlay in OVERLAYS {
        let Some(objects) = kustomize(overlay) else { return };
        let server = named(&objects, "StatefulSet", "daypass");
        assert_eq!(server["spec"]["replicas"], 1, "{overlay}");
        let spec = pod(&objects);
        assert_eq!((&spec["automountServiceAccountToken"], &spec["enableServiceLinks"]), (&json!(false), &json!(false)));
        let container = &spec["containers"][0];
        let probe = |name: &str| container[name]["httpGet"].clone();
        assert_eq!(probe("readinessProbe"), json!({ "path": "/readyz", "port": "admin" }));
        assert_eq!(
            (probe("livenessProbe"), probe("startupProbe")),
            (json!({ "path": "/healthz", "port": "admin" }), probe("livenessProbe"))
        );
        let admin = settings(&objects)["admin_listen"].as_str().unwrap().rsplit(':').next().unwrap().parse::<u16>().unwrap();
        let ports = container["ports"].as_array().unwrap();
        assert!(ports.contains(&json!({ "name": "admin", "containerPort": admin })), "{ports:?}");
        let budget = &named(&objects, "PodDisruptionBudget", "daypass")["spec"];
        assert_eq!(budget["maxUnavailable"], 1, "a drain is not blocked");
        // Every selector of the server's pod finds it.
        let labels = &server["spec"]["template"]["metadata"]["labels"];
        for selector in [
            &budget["selector"]["matchLabels"],
            &named(&objects, "NetworkPolicy", "daypass")["spec"]["podSelector"]["matchLabels"],
        ] {
            assert!(selector.as_object().unwrap().iter().all(|(name, value)| labels[name] == *value), "{selector}");
        }
    }
}
