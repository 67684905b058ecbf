//! Everything that is rendered, validated strictly: against Kubernetes' own schemas, and against the types of the custom resources.

use super::{OVERLAYS, chart, deploy, kustomize, objects};
use crate::support::peer;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// From the first with restartable init containers to the newest that the schemas have.
const VERSIONS: std::ops::RangeInclusive<u32> = 29..=37;
/// Groups of the custom resources; the others are Kubernetes' own.
const CUSTOM: [&str; 4] = ["argoproj.io/", "cert-manager.io/", "monitoring.coreos.com/", "toolkit.fluxcd.io/"];

fn is_custom(object: &Value) -> bool {
    CUSTOM.iter().any(|group| object["apiVersion"].as_str().unwrap().contains(group))
}

/// Everything that `deploy/` gives a cluster. The chart is rendered for its oldest and its newest version, with and without the
/// optional parts.
fn rendered() -> Option<Vec<Value>> {
    let mut all = Vec::new();
    for overlay in OVERLAYS {
        all.extend(kustomize(overlay)?);
    }
    let bare = ["--set", "webhook.enabled=false", "--set", "config.admission=null", "--set", "serviceMonitor.enabled=false"];
    for minor in [VERSIONS.start(), VERSIONS.end()] {
        let version = format!("1.{minor}.0");
        for more in [&[][..], &bare[..]] {
            all.extend(chart(&[&["--kube-version", version.as_str()], more].concat())?);
        }
    }
    Some(all)
}

/// Runs a checker with these objects on its standard input. The error is what it finds.
fn found(command: &mut Command, objects: &[Value]) -> Result<(), String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(objects).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(()) } else { Err(text(&output.stdout) + &text(&output.stderr)) }
}

/// Against the schemas of all versions.
fn schemas(python: &Path, objects: &[Value]) -> Result<(), String> {
    const SCRIPT: &str = "
import json, sys, kubernetes_validate
objects = json.load(sys.stdin)
for version in sys.argv[1:]:
    for one in objects:
        try: kubernetes_validate.validate(one, version, strict=True)
        except Exception as fault: sys.exit(' '.join([version, one['kind'], one['metadata']['name'], str(fault)]))
";
    let versions = VERSIONS.map(|minor| format!("1.{minor}.0"));
    found(Command::new(python).args(["-c", SCRIPT]).args(versions), objects)
}

#[test]
fn everything_is_as_the_schemas_of_1_29_to_1_37_say() {
    let Some(python) = peer("python-kubernetes") else { return };
    let Some(mut all) = rendered() else { return };
    all.retain(|object| !is_custom(object));
    assert_eq!(schemas(&python, &all), Ok(()));
    let mut misspelt = all.iter().find(|object| object["kind"] == "StatefulSet").unwrap().clone();
    misspelt["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = Value::Null;
    assert!(schemas(&python, &[misspelt]).unwrap_err().starts_with("1.29.0 StatefulSet daypass"));
}

#[test]
fn custom_resources_are_as_their_types_say() {
    let (Some(node), Some(manifest)) = (peer("node"), peer("kubernetes-models-js")) else { return };
    let Some(mut all) = rendered() else { return };
    for file in ["argocd/application.yaml", "flux/source.yaml", "flux/kustomization.yaml"] {
        all.extend(objects(&std::fs::read_to_string(deploy("gitops").join(file)).unwrap()));
    }
    all.retain(is_custom);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/kubernetes-models.mjs");
    let types = |objects: &[Value]| found(Command::new(&node).arg(&script).arg(&manifest), objects);
    assert_eq!(types(&all), Ok(()));
    for kind in ["ServiceMonitor", "Certificate", "Application", "GitRepository", "Kustomization"] {
        let mut misspelt = all.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}")).clone();
        misspelt["spec"]["intervall"] = "1m".into();
        assert!(types(&[misspelt]).unwrap_err().contains("'\"intervall\"' does not exist"), "{kind}");
    }
}

/// Argo CD and Flux deploy the folder as it is and replace no image.
#[test]
fn gitops_deploys_the_production_overlay_as_it_is() {
    let one = |file: &str| objects(&std::fs::read_to_string(deploy("gitops").join(file)).unwrap()).remove(0);
    let (application, flux) = (one("argocd/application.yaml"), one("flux/kustomization.yaml"));
    for path in [&application["spec"]["source"]["path"], &flux["spec"]["path"]] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path.as_str().unwrap());
        assert_eq!(folder.canonicalize().unwrap(), deploy("kubernetes/overlays/production").canonicalize().unwrap());
    }
    assert!(application["spec"]["source"]["kustomize"].is_null() && flux["spec"]["images"].is_null());
    assert_eq!(flux["spec"]["sourceRef"]["name"], one("flux/source.yaml")["metadata"]["name"]);
}
