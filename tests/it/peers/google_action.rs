//! google-github-actions/auth's own dist, unmodified, with our token endpoint in the place of Google's STS. No registry has it, so it is
//! read from the folder of corpora (`google-github-actions-auth.tar.gz`: the repository's `dist`), and the test is ignored by default.

use super::action::Runner;
use crate::corpora::unpack;
use crate::gcp::stand_in::PROVIDER;
use crate::gcp::{DEPLOY, Scene};
use crate::support::peer;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Action's dist, which no registry has, in the folder of DAYPASS_CORPORA"]
async fn googles_action_gets_a_token_and_writes_a_credentials_file_that_works() {
    let (_unpacked, dist) = unpack("google-github-actions-auth").expect("DAYPASS_CORPORA names no folder");
    let scene = Scene::start(&format!("    - {{ service_account: {DEPLOY}, ttl: 30m }}\n"), "").await;
    let (Some(runner), Some(python)) = (Runner::new(&scene.world), peer("python-clients")) else { return };
    // As its action.yml has them, and no `service_account`: it is in the policy.
    let audience = scene.world.url("");
    let inputs = [
        ("WORKLOAD_IDENTITY_PROVIDER", PROVIDER),
        ("AUDIENCE", audience.as_str()),
        ("PROJECT_ID", "acme"),
        ("CREATE_CREDENTIALS_FILE", "true"),
        ("EXPORT_ENVIRONMENT_VARIABLES", "true"),
        ("TOKEN_FORMAT", ""),
        ("UNIVERSE", "googleapis.com"),
        ("CLEANUP_CREDENTIALS", "true"),
    ];
    let mut command = runner.step(&dist.join("dist/main/index.js"), &inputs);
    let done = command.env("GHA_ENDPOINT_OVERRIDE_sts", scene.world.url("/oauth2")).output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let output = runner.text("OUTPUT");
    let token = output.lines().find(|line| line.starts_with("ya29.")).unwrap();
    assert_eq!(scene.google.with(|google| google.tokens[token].principal.clone()), DEPLOY);

    // The file that it writes makes libraries ask the CI for a token of the job each time.
    let file = output.lines().find(|line| line.ends_with(".json")).unwrap();
    let mut command = tokio::process::Command::new(&python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/google_cloud.py")).current_dir(scene.world.folder.path());
    command.env("GOOGLE_APPLICATION_CREDENTIALS", file).env("GOOGLE_CLOUD_PROJECT", "acme");
    let done = command.env("REQUESTS_CA_BUNDLE", scene.world.path("tls.crt")).output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
