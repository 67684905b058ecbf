//! What `daypass azure bootstrap` prints: the audience of the server's tokens, and the subjects that a job can get.

use super::{MANAGEMENT, SHOP, Scene, VAULT};
use std::path::Path;

const CONFIGURATION: i32 = 78;

async fn bootstrap(scene: &Scene, more: &[&str]) -> (Option<i32>, String, String) {
    let arguments = ["azure", "bootstrap", "--config", "daypass.yaml"];
    let done = scene.world.job("push", &[&arguments, more].concat(), &[]).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audience_is_the_one_that_is_configured() {
    let scene = Scene::with(super::POLICY, "    audience: api://AzureADTokenExchangeUSGov\n").await;
    for format in ["graph", "az", "terraform"] {
        let (status, text, stderr) = bootstrap(&scene, &["--format", format]).await;
        assert_eq!(status, Some(0), "{stderr}");
        assert!(text.contains("api://AzureADTokenExchangeUSGov") && text.contains("root/acme/shop"), "{text}");
    }
    let (_, text, _) = bootstrap(&scene, &["--audience", "api://AzureADTokenExchangeChina"]).await;
    assert!(text.contains("api://AzureADTokenExchangeChina") && !text.contains("USGov"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_grants_are_not_printed_and_a_fault_prints_nothing() {
    let scene = Scene::start().await;
    let folder = tempfile::tempdir().unwrap();
    let policy = |scope: &str| super::POLICY.replace(MANAGEMENT, scope);
    write(folder.path(), "policies/deploy.yaml", &policy(MANAGEMENT));
    write(folder.path(), "policies/vault.yaml", &policy(VAULT));
    let denied = "denials: [ { description: none, deny: { azure: [\"*/https://vault.azure.net/**\"] } } ]\n";
    write(folder.path(), "guardrails.yaml", denied);
    let here = ["--folder", folder.path().to_str().unwrap()];
    let (status, text, stderr) = bootstrap(&scene, &here).await;
    assert_eq!(status, Some(0), "{stderr}");
    assert!(text.contains(SHOP) && text.contains("root/deploy") && !text.contains("root/vault"), "{text}");
    write(folder.path(), "policies/other.yaml", &policy("https://VAULT.azure.net/.default"));
    let (status, text, stderr) = bootstrap(&scene, &here).await;
    assert_eq!((status, text.as_str()), (Some(CONFIGURATION), ""), "{stderr}");
    assert!(stderr.contains("write this resource as `https://vault.azure.net/.default`"), "{stderr}");
    assert!(stderr.contains("nothing is printed"), "{stderr}");
}
