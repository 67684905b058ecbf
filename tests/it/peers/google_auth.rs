//! google-auth's `external_account`, as a job uses it. Only its `token_url` and its audience name daypass.

use crate::helpers::{AUDIENCE, check_denial, texts};
use crate::relying_party::RelyingParty;
use crate::support::{Setup, World, peer};
use daypass::demo::issuer::github_claims;
use std::path::PathBuf;
use std::process::Output;

async fn refresh(world: &World, python: &PathBuf, token: &str) -> Output {
    std::fs::write(world.path("token"), token).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/google_auth.py");
    let mut command = tokio::process::Command::new(python);
    command.arg(script).arg(world.url("/oauth2/token")).arg(world.path("token"));
    command
        .env("REQUESTS_CA_BUNDLE", world.path("tls.crt"))
        .arg("https://partner.example")
        .current_dir(world.folder.path())
        .output()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn google_auth_gets_our_token_and_prints_a_denials_hint_and_decision() {
    let Some(python) = peer("python-clients") else { return };
    let world = World::start(Setup::default()).await;
    let done = refresh(&world, &python, &world.token()).await;
    let token = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let claims = token.split('.').nth(1).and_then(|part| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok()
    });
    let claims: serde_json::Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    assert_eq!((&claims["aud"], &claims["sub"]), (&"https://partner.example".into(), &"root/shop/deploy".into()));
    let denied = refresh(&world, &python, &world.token_with(github_claims("pull_request", "refs/pull/7/merge"))).await;
    let stderr = String::from_utf8(denied.stderr).unwrap();
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
    assert!(!denied.status.success());
    for part in ["invalid_target", "no_matching_policy", "Show the decision id to the operator", &record.decision.unwrap()] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert_eq!((&record.body["api"], &record.body["reason"]), (&"oauth".into(), &"no_matching_policy".into()));
}

/// The token endpoint is a stand-in, because ours accepts no token of our own issuer.
#[tokio::test(flavor = "multi_thread")]
async fn google_auth_runs_the_helper_and_prints_a_denials_hint_and_decision() {
    let Some(python) = peer("python-clients") else { return };
    let world = World::start(Setup::default()).await;
    let google = RelyingParty::start(&world, AUDIENCE).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/google_executable.py");
    let helper = format!("{} credential gcp --audience {AUDIENCE}", env!("CARGO_BIN_EXE_daypass"));
    let refresh = async |run: &str, token_type: &str| {
        let mut command = tokio::process::Command::new(&python);
        command.arg(script).arg(format!("{}/google/token", google.url)).arg(token_type).arg(&helper);
        command.current_dir(world.folder.path()).env("REQUESTS_CA_BUNDLE", world.path("tls.crt"));
        command.env("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1").env("DAYPASS_SERVER", world.url(""));
        command.env("DAYPASS_CA", world.path("tls.crt")).envs(world.issuer.job_environment(run));
        texts(&command.output().await.unwrap())
    };
    for (number, kind) in ["id_token", "jwt"].into_iter().enumerate() {
        let (out, fault) = refresh("push", &format!("urn:ietf:params:oauth:token-type:{kind}")).await;
        assert_eq!(out.trim(), "for \"root/shop/deploy\"", "{kind}: {fault}");
        assert_eq!(google.seen().len(), number + 1);
    }
    let (_, fault) = refresh("pull", "urn:ietf:params:oauth:token-type:jwt").await;
    check_denial(&world, &fault);
    println!("google-auth: {fault}");
}
