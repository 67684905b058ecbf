//! `daypass gcp bootstrap` prints all that the stand-in needs, and no more than the policies need.

use super::stand_in::{PROVIDER, SUBJECTS};
use super::{GRANTS, Scene};
use serde_json::{Value, json};

async fn bootstrap(scene: &Scene, more: &[&str]) -> (bool, String, String) {
    let arguments = ["gcp", "bootstrap", "--config", "daypass.yaml", "--provider", PROVIDER];
    let done = scene.world.job("push", &[&arguments, more].concat(), &[]).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.success(), text(&done.stdout), text(&done.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn google_needs_nothing_but_what_is_printed() {
    let scene = Scene::start(GRANTS, "").await;
    let (done, text, stderr) = bootstrap(&scene, &[]).await;
    assert!(done, "{stderr}");
    let condition = text.split("--attribute-condition='assertion.sub in [").nth(1).unwrap().split("]'").next().unwrap();
    assert_eq!(condition, "\"root/shop/deploy\"");
    let bindings = text.lines().filter_map(|line| line.strip_prefix("gcloud iam service-accounts add-iam-policy-binding "));
    let bindings: Vec<(String, String, String)> = bindings
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let member = words[2].trim_start_matches("--member=").trim_matches('\'').trim_start_matches("serviceAccount:");
            (words[0].to_owned(), words[1].trim_start_matches("--role=").to_owned(), member.to_owned())
        })
        .collect();
    assert_eq!(bindings.len(), 7, "{text}");
    scene.google.with(|google| {
        google.accounts.clear();
        bindings.iter().for_each(|(account, _, member)| google.bind(account, member));
        google.condition = "root/shop/deploy".to_owned();
    });
    for name in ["deploy", "reader", "far", "nobody"] {
        let (status, answer) = scene.of(name).await;
        assert_eq!(status, 200, "{name}: {answer}");
    }
    let hub = |of: &str| format!("hub@{of}.iam.gserviceaccount.com");
    let creators: Vec<(&str, &str)> = bindings
        .iter()
        .filter(|(_, role, _)| role == "roles/iam.serviceAccountTokenCreator")
        .map(|(account, _, member)| (account.as_str(), member.as_str()))
        .collect();
    assert_eq!(creators, [("far@acme.iam.gserviceaccount.com", &*hub("other")), (&*hub("other"), &*hub("acme"))]);
    assert!(text.contains(&format!("# direct access: grant roles on resources to {SUBJECTS}root/shop/deploy")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_a_private_issuer_are_uploaded_and_private_ones_are_not() {
    let scene = Scene::start(GRANTS, "").await;
    let jwks: Value = scene.google.with(|google| google.jwks.clone());
    std::fs::write(scene.world.path("jwks.json"), jwks.to_string()).unwrap();
    let (done, text, stderr) = bootstrap(&scene, &["--jwks", "jwks.json"]).await;
    assert!(done && text.contains(" --jwk-json-path='jwks.json'\n") && text.contains("update-oidc daypass"), "{stderr}{text}");
    let (_, text, _) = bootstrap(&scene, &["--jwks", "jwks.json", "--format", "terraform"]).await;
    let document: Value = serde_json::from_str(&text).unwrap();
    let oidc = &document["resource"]["google_iam_workload_identity_pool_provider"]["daypass"]["oidc"];
    assert_eq!(serde_json::from_str::<Value>(oidc["jwks_json"].as_str().unwrap()).unwrap(), jwks);
    assert_eq!(oidc["issuer_uri"], scene.world.url(""));
    for (bad, expected) in [
        (json!({ "keys": [{ "kty": "EC", "d": "x" }] }).to_string(), "private key"),
        (json!({ "keys": [] }).to_string(), "it is no JWKS"),
        ("x".to_owned(), "it is no JSON"),
    ] {
        std::fs::write(scene.world.path("bad.json"), bad).unwrap();
        let (done, text, stderr) = bootstrap(&scene, &["--jwks", "bad.json"]).await;
        assert!(!done && text.is_empty() && stderr.contains(expected), "{stderr}");
    }
    let done =
        scene.world.job("push", &["gcp", "bootstrap", "--config", "daypass.yaml", "--provider", "projects/acme"], &[]).await;
    assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains("with the project's number"));
}
