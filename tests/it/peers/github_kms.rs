//! An App's key in AWS KMS, with moto's KMS. The stand-in for GitHub verifies KMS's signatures with the public key from KMS.

use super::aws::Emulator;
use crate::github::stand_in::StandInGitHub;
use crate::support::certificate;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daypass::issue::github::{AppSettings, GitHub, GitHubSettings, KeyAt, TokenRequest};
use daypass::words::github::{Owner, Permission, Permissions, Repositories};
use daypass::words::names::KmsKeyArn;
use daypass::words::{Clock, SystemClock};
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use serde_json::Value;
use std::process::Command;

const BY_KMS: &str = "peers::github_kms::mints_with_the_machines_own_credentials";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_kms_signs_for_its_own_app_alone() {
    let Some(emulator) = Emulator::start("moto_server").await else { return };
    let call = |arguments: &[&str]| -> Value {
        serde_json::from_slice(&emulator.call(&[&["kms"], arguments].concat(), ["test", "test", ""]).stdout).unwrap()
    };
    let create = || call(&["create-key", "--key-spec", "RSA_2048", "--key-usage", "SIGN_VERIFY"])["KeyMetadata"]["Arn"].clone();
    let (own, other) = (create(), create());
    let public = call(&["get-public-key", "--key-id", own.as_str().unwrap()])["PublicKey"].clone();
    let public = rsa::RsaPublicKey::from_public_key_der(&STANDARD.decode(public.as_str().unwrap()).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let stand_in = StandInGitHub::start(folder.path()).await;
    let text = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    stand_in.with(|world| world.app.trust(&text(public.n()), &text(public.e())));
    // The client for KMS uses this machine's own credentials, so it runs in a process whose environment has them.
    let mint = async |arn: &Value| {
        std::fs::write(folder.path().join("scene.json"), serde_json::json!({ "arn": arn, "url": stand_in.url }).to_string())
            .unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([BY_KMS, "--exact", "--ignored", "--nocapture"]).current_dir(folder.path());
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ENDPOINT_URL_KMS", &emulator.url);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let minted = mint(&own).await;
    assert!(minted.contains("minted: 520"), "{minted}");
    let refused = mint(&other).await;
    assert!(refused.contains("A JSON web token could not be decoded"), "{refused}");
    let unsigned = mint(&own.as_str().unwrap().replace("key/", "key/0").into()).await;
    assert!(unsigned.contains("provider_unavailable") && unsigned.contains("AWS KMS answered NotFoundException"), "{unsigned}");
}

/// The test above runs this in a process of its own, with KMS in its environment.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "another test runs it"]
async fn mints_with_the_machines_own_credentials() {
    daypass::telemetry::install_crypto();
    let scene: Value = serde_json::from_slice(&std::fs::read("scene.json").unwrap()).unwrap();
    let read = Permissions::new([Permission::parse("contents", "read", &[]).unwrap()]).unwrap();
    let app = AppSettings {
        name: "acme".to_owned(),
        issuer: "4711".to_owned(),
        key: KeyAt::Kms(KmsKeyArn::parse(scene["arn"].as_str().unwrap()).unwrap()),
        max_permissions: read.clone(),
        extra_permissions: Vec::new(),
        repositories_of: None,
        api: reqwest::Url::parse(scene["url"].as_str().unwrap()).unwrap(),
        ca: Some("tls.crt".into()),
        proxy: None,
    };
    let github = GitHub::connect(&GitHubSettings { apps: vec![app] }).unwrap();
    let owner = Owner::parse("acme").unwrap();
    let request = TokenRequest { app: "acme", owner: &owner, repositories: &Repositories::All, permissions: &read };
    match github.mint(&request, SystemClock.now()).await {
        Ok(minted) => println!("minted: {}", minted.token.expose().len()),
        Err(denial) => println!("{denial}"),
    }
}
