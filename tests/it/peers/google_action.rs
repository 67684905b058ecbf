//! google-github-actions/auth's own dist, unmodified, with our token endpoint in the place of Google's STS. No registry has it, so it is
//! read from the folder of corpora (`google-github-actions-auth.tar.gz`: the repository's `dist`), and the test is ignored by default.

use crate::corpora::unpack;
use crate::gcp::stand_in::PROVIDER;
use crate::gcp::{DEPLOY, Scene};
use crate::support::peer;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Action's dist, which no registry has, in the folder of DAYPASS_CORPORA"]
async fn googles_action_gets_a_token_and_writes_a_credentials_file_that_works() {
    let (_unpacked, dist) = unpack("google-github-actions-auth").expect("DAYPASS_CORPORA names no folder");
    let (Some(node), Some(python)) = (peer("node"), peer("python-clients")) else { return };
    let scene = Scene::start(&format!("    - {{ service_account: {DEPLOY}, ttl: 30m }}\n"), "").await;
    let folder = scene.world.folder.path();
    let mut command = tokio::process::Command::new(&node);
    command.arg(dist.join("dist/main/index.js")).current_dir(folder).env("GITHUB_WORKSPACE", folder);
    for name in ["OUTPUT", "ENV", "STATE"] {
        std::fs::write(folder.join(name), "").unwrap();
        command.env(format!("GITHUB_{name}"), folder.join(name));
    }
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
    command.envs(inputs.map(|(name, value)| (format!("INPUT_{name}"), value)));
    command.env("GHA_ENDPOINT_OVERRIDE_sts", scene.world.url("/oauth2")).env("NODE_EXTRA_CA_CERTS", scene.world.path("tls.crt"));
    let done = command.envs(scene.world.issuer.job_environment("push")).output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let output = std::fs::read_to_string(folder.join("OUTPUT")).unwrap();
    let token = output.lines().find(|line| line.starts_with("ya29.")).unwrap();
    assert_eq!(scene.google.with(|google| google.tokens[token].principal.clone()), DEPLOY);

    // The file that it writes makes libraries ask the CI for a token of the job each time.
    let file = output.lines().find(|line| line.ends_with(".json")).unwrap();
    let mut command = tokio::process::Command::new(&python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/google_cloud.py")).current_dir(folder);
    command.env("GOOGLE_APPLICATION_CREDENTIALS", file).env("GOOGLE_CLOUD_PROJECT", "acme");
    let done = command.env("REQUESTS_CA_BUNDLE", scene.world.path("tls.crt")).output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
