//! The values that the chart refuses, and the messages.

use super::{deploy, helm, text_of};
use daypass::config::Config;
use serde_json::{Value, json};
use std::path::Path;

/// What the chart writes into daypass.yaml by itself.
const WRITTEN: [&str; 5] = ["listen", "admin_listen", "tls", "data", "key_encryption"];

#[test]
fn bad_values_are_refused_in_clear_words() {
    let zeros = "0".repeat(64);
    for (value, expected) in [
        ("replicas=2", "at '': additional properties 'replicas' not allowed"),
        ("image.tag=v1", "at '/image': additional properties 'tag' not allowed"),
        ("image.digest=", "at '/image/digest': '' does not match pattern '^sha256:[0-9a-f]{64}$'"),
        ("image.digest=v1", "at '/image/digest': 'v1' does not match pattern"),
        (&*format!("image.digest=sha512:{zeros}"), "at '/image/digest'"),
        (
            "image.repository=registry.acme.com/daypass:v1",
            "at '/image/repository': 'registry.acme.com/daypass:v1' does not match pattern",
        ),
        ("image.repository=registry.acme.com/daypass@sha256:1", "at '/image/repository'"),
        ("config.isuers=1", "at '/config': additional properties 'isuers' not allowed"),
        ("config.listen=0.0.0.0:1", "at '/config': additional properties 'listen' not allowed"),
        ("config.admission.image=x", "at '/config/admission': additional properties 'image' not allowed"),
        ("config.root=null", "at '/config/root': got null, want object"),
        ("serviceMonitor.enable=true", "at '/serviceMonitor': additional properties 'enable' not allowed"),
        ("podDisruptionBudget.maxUnavailable=2", "at '/podDisruptionBudget/maxUnavailable'"),
        ("resources.limits.memory=much", "at '/resources/limits/memory'"),
        ("resources.limit.memory=1Gi", "at '/resources': additional properties 'limit' not allowed"),
        ("secrets.keys=Daypass_Keys", "at '/secrets/keys'"),
        ("config.admission=null", "config.admission.issuers names the clusters whose pods are injected into"),
        ("webhook.enabled=false", "config.admission is for the webhook"),
        ("certManager.enabled=false", "set webhook.caBundle, or certManager.enabled=true"),
    ] {
        let Some(output) = helm(&["--set", value]) else { return };
        assert!(!output.status.success() && text_of(&output).contains(expected), "{value}: {}", text_of(&output));
    }
    let Some(old) = helm(&["--kube-version", "1.28.0"]) else { return };
    assert!(text_of(&old).contains("chart requires kubeVersion: >=1.29.0-0"), "{}", text_of(&old));
}

#[test]
fn the_chart_alone_names_what_is_missing() {
    let Some(program) = crate::support::peer("helm") else { return };
    let output = std::process::Command::new(program).args(["template", "daypass"]).arg(deploy("helm/daypass")).output().unwrap();
    for missing in ["at '/config': missing properties 'public_url', 'root', 'issuers'", "at '/image/digest': ''"] {
        assert!(text_of(&output).contains(missing), "{}", text_of(&output));
    }
}

#[test]
fn helm_lint_accepts_the_chart() {
    let Some(program) = crate::support::peer("helm") else { return };
    let mut lint = std::process::Command::new(program);
    let output =
        lint.args(["lint", "--strict"]).arg(deploy("helm/daypass")).arg("--values").arg(deploy("helm/production.yaml")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), text_of(&output));
}

/// The faults that the server's own reader finds in this text.
fn faults(text: &str) -> String {
    let found = Config::parse_in(Path::new("/nonexistent"), "daypass.yaml", text.as_bytes()).unwrap_err();
    found.iter().map(ToString::to_string).collect()
}

/// The schema lists the keys of daypass.yaml a second time; the server's own reader knows each.
#[test]
fn the_server_knows_every_key_of_the_schema() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(deploy("helm/daypass/values.schema.json")).unwrap()).unwrap();
    let keys = |value: &Value| value["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let config = &schema["properties"]["config"];
    let top: String = keys(config).iter().map(String::as_str).chain(WRITTEN).map(|key| format!("{key}: 1\n")).collect();
    assert!(!faults(&top).contains("unknown key"), "{}", faults(&top));
    assert!(faults("isuers: 1\n").contains("unknown key `isuers`"));
    let admission = keys(&config["properties"]["admission"]);
    let within: String = admission.iter().map(|key| format!("  {key}: 1\n")).collect();
    assert!(!faults(&format!("admission:\n{within}")).contains("unknown key"), "{}", faults(&format!("admission:\n{within}")));
    assert!(WRITTEN.iter().all(|key| !keys(config).contains(&(*key).to_owned())));
    assert!(["listen", "tls", "image"].iter().all(|key| !admission.contains(&(*key).to_owned())));
}

/// Two objects of the schema are open: Helm reads the one, the server's own reader checks the other.
#[test]
fn no_other_object_of_the_chart_takes_unknown_keys() {
    fn open(value: &Value, at: &str, found: &mut Vec<String>) {
        if let Some(members) = value.as_object() {
            let is_object = members.get("type").is_some_and(|kind| kind == "object" || *kind == json!(["object", "null"]));
            if is_object && members.get("additionalProperties").is_none_or(|more| more == true) {
                found.push(at.to_owned());
            }
            members.iter().for_each(|(key, value)| open(value, &format!("{at}/{key}"), found));
        }
    }
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(deploy("helm/daypass/values.schema.json")).unwrap()).unwrap();
    let mut found = Vec::new();
    open(&schema, "", &mut found);
    assert_eq!(found, ["/properties/config/properties/root", "/properties/global"]);
}
