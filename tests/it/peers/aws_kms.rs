//! Identity files that AWS KMS wraps, with moto's KMS. It authenticates the encryption context and the ciphertext, and compares the key.

use super::aws::Emulator;
use crate::support::{DEPLOY, Setup, World};
use daypass::secrets::{Identities, encrypt};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The machine's own AWS credentials, and the address of its KMS.
fn environment(emulator: &Emulator) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_ENDPOINT_URL_KMS", emulator.url.clone()),
    ]
}

fn key(emulator: &Emulator) -> String {
    let output = emulator.call(&["kms", "create-key"], ["test", "test", ""]);
    let created: Value = serde_json::from_slice(&output.stdout).unwrap();
    created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

/// Wraps a new identity with `daypass keys wrap`. Returns the wrapped file, and the identity's recipient.
fn wrapped(emulator: &Emulator, key: &str, purpose: &str) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    let (identity, recipient) = Identities::generate();
    let file = folder.path().join("team.key");
    std::fs::write(&file, identity.expose()).unwrap();
    let wrap = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.args(["keys", "wrap", "--aws-kms", key, "--purpose", purpose]).arg(&file);
        command.envs(environment(emulator)).output().unwrap()
    };
    let output = wrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && stdout.contains(&format!("{{ aws_kms: {key}, file: team.key.kms }}")), "{output:?}");
    assert_eq!(wrap().status.code(), Some(78), "an existing file is not overwritten");
    let wrapped = std::fs::read(folder.path().join("team.key.kms")).unwrap();
    assert!(!wrapped.windows(14).any(|window| window == b"AGE-SECRET-KEY"), "it is no plain text");
    (wrapped, recipient)
}

/// Starts another server with the same configuration, which must fail. Returns its error.
fn refused_start(world: &World, environment: Vec<(&'static str, String)>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(["serve", "--config"]).arg(world.path("daypass.yaml")).envs(environment).stdin(Stdio::null());
    let output: Output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn read(world: &World, name: &str) -> (u16, Value) {
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": name}])).await;
    (status, answer["credentials"][0]["secret"]["value"].clone())
}

async fn jwks(world: &World) -> Value {
    world.http.get(world.url("/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_identities_open_with_their_kms_key_alone() {
    let Some(emulator) = Emulator::start("moto_server").await else { return };
    let (key, other) = (key(&emulator), key(&emulator));
    let (blob, recipient) = wrapped(&emulator, &key, "source-secrets");
    let mut world = World::start(Setup {
        key_encryption: format!("{{ aws_kms: \"{key}\" }}"),
        identities: format!("[root.key, {{ aws_kms: \"{key}\", file: team.key.kms }}]"),
        files: vec![("team.key.kms", blob.clone())],
        environment: environment(&emulator),
        policies: vec![("shop/deploy", DEPLOY.to_owned())],
        ..Setup::default()
    })
    .await;
    let secret = encrypt(b"by kms", std::slice::from_ref(&recipient), true).unwrap();
    world.commit_and_wait(&[("secrets/shop/team.age", &secret)]).await;
    assert_eq!(read(&world, "shop/team.age").await, (200, json!("by kms")));
    let before = jwks(&world).await;
    world.kill_and_restart().await;
    world.until("ready again", |ready| ready["ready"] == true).await;
    assert_eq!((jwks(&world).await, read(&world, "shop/team.age").await.0), (before, 200), "the same keys, decrypted");
    let made = world.audit().into_iter().filter(|entry| entry.body["identity"] == "key-encryption").count();
    assert_eq!(made, 1, "only one identity was made");
    re_encrypt(&emulator, &key, &other, &world.path("team.key.kms"));
    std::fs::write(world.path("team.key.kms"), std::fs::read(world.path("team.key.kms.new")).unwrap()).unwrap();
    let more = encrypt(b"again", &[recipient], true).unwrap();
    world.commit_and_wait(&[("secrets/shop/more.age", &more)]).await;
    assert_eq!(read(&world, "shop/more.age").await, (200, json!("again")), "the blob was encrypted anew, by the same key");

    world.server.kill().unwrap();
    world.server.wait().unwrap();
    let good = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    let (foreign, _) = wrapped(&emulator, &other, "source-secrets");
    let (purpose, _) = wrapped(&emulator, &key, "key-encryption");
    let mut tampered = blob.clone();
    *tampered.last_mut().unwrap() ^= 1;
    for (what, bytes, words) in [
        ("another key's", &foreign, key.as_str()),
        ("another purpose's", &purpose, "for another purpose than source-secrets"),
        ("tampered with", &tampered, "it is damaged"),
        ("none", &b"AGE-SECRET-KEY-1".to_vec(), "it is damaged"),
        ("empty", &Vec::new(), "not a ciphertext of AWS KMS"),
    ] {
        std::fs::write(world.path("team.key.kms"), bytes).unwrap();
        let output = refused_start(&world, environment(&emulator));
        assert!(output.contains("team.key.kms") && output.contains(words), "{what}: {output}");
    }
    std::fs::write(world.path("team.key.kms"), &blob).unwrap();
    let own = format!("key_encryption: {{ aws_kms: \"{key}\" }}");
    std::fs::write(world.path("daypass.yaml"), good.replace(&own, &own.replace(&key, &other))).unwrap();
    let output = refused_start(&world, environment(&emulator));
    assert!(output.contains("the identity to which our keys are encrypted") && output.contains(&other), "{output}");
    std::fs::write(world.path("daypass.yaml"), &good).unwrap();
    let nowhere = emulator.url.clone();
    drop(emulator);
    let mut unreachable = vec![("AWS_ENDPOINT_URL_KMS", nowhere)];
    unreachable.extend([("AWS_ACCESS_KEY_ID", "test".to_owned()), ("AWS_SECRET_ACCESS_KEY", "test".to_owned())]);
    let output = refused_start(&world, unreachable);
    assert!(output.contains("no answer from AWS KMS") && output.contains(&key), "{output}");
}

/// Encrypts the file again by another key and back, as an operator would. The result is another ciphertext of the same identity.
fn re_encrypt(emulator: &Emulator, key: &str, other: &str, file: &Path) {
    let context = "application=daypass,purpose=source-secrets";
    let turn = |from: &Path, to: &str| {
        let blob = format!("fileb://{}", from.display());
        let output = emulator.call(
            &[
                "kms",
                "re-encrypt",
                "--ciphertext-blob",
                &blob,
                "--destination-key-id",
                to,
                "--source-encryption-context",
                context,
                "--destination-encryption-context",
                context,
            ],
            ["test", "test", ""],
        );
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let text = answer["CiphertextBlob"].as_str().unwrap();
        base64(text)
    };
    let new = file.with_extension("kms.new");
    std::fs::write(&new, turn(file, other)).unwrap();
    let back = turn(&new, key);
    std::fs::write(&new, back).unwrap();
}

fn base64(text: &str) -> Vec<u8> {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
