//! Microsoft's own libraries for Entra, unmodified, use the token file of `daypass exec --azure`, against the strict stand-in.

use crate::azure::stand_in::{TENANT, access_token};
use crate::azure::{SHOP, Scene};
use crate::helpers::texts;
use crate::support::peer;

const POLICY: &str = "owners: [team-shop]
issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  azure:
    - { client_id: 11111111-2222-3333-4444-555555555555, federated_token: allow }
";

/// Runs the library within `exec --azure`. `trusts` is the variable that names the stand-in's certificate for this library.
async fn walk(scene: &Scene, trusts: &str, command: &[&str]) -> std::process::Output {
    let arguments = [&["exec", "--azure", "--"], command].concat();
    scene.world.job("push", &arguments, &[(trusts, scene.ca().as_str())]).await
}

async fn check(scene: &Scene, trusts: &str, command: &[&str]) {
    let (out, fault) = texts(&walk(scene, trusts, command).await);
    assert_eq!(out.trim(), access_token(TENANT, SHOP, "https://management.azure.com"), "{fault}");
    let accepted = scene.entra.with(|inside| std::mem::take(&mut inside.taken));
    assert_eq!((accepted.len(), accepted[0]["sub"].as_str()), (1, Some("root/acme/shop")));
    scene.entra.with(|inside| inside.applications.get_mut(SHOP).unwrap()[0].subject = "root/acme/shop2".to_owned());
    let refused = walk(scene, trusts, command).await;
    assert!(!refused.status.success() && texts(&refused).1.contains("AADSTS700213"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_identity_uses_the_token_file() {
    let Some(python) = peer("python-azure") else { return };
    let scene = Scene::with(POLICY, "").await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/azure_identity.py");
    check(&scene, "REQUESTS_CA_BUNDLE", &[&python.display().to_string(), script]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azures_javascript_library_uses_the_token_file() {
    let (Some(node), Some(manifest)) = (peer("node"), peer("azure-js")) else { return };
    let scene = Scene::with(POLICY, "").await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/azure_identity.mjs");
    // The real path: the packages are next to it.
    let (node, manifest) = (node.display().to_string(), manifest.canonicalize().unwrap().display().to_string());
    let command = [node.as_str(), script, &manifest, "https://management.azure.com/.default"];
    check(&scene, "NODE_EXTRA_CA_CERTS", &command).await;
}
