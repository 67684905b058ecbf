//! The real sops and the real bao command, with a transit key.

use super::vault_clients::{bao, text_of};
use crate::support::{World, peer};
use crate::transit::{session, world};
use std::path::Path;
use std::process::Output;
use tokio::process::Command;

async fn sops(world: &World, program: &Path, arguments: &[&str], token: &str) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(world.folder.path()).env("HOME", world.folder.path());
    command.env("VAULT_CACERT", world.path("tls.crt")).env("VAULT_TOKEN", token).env("SOPS_DISABLE_VERSION_CHECK", "1");
    command.output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sops_wraps_its_data_key_in_one_job_and_unwraps_it_in_another() {
    let Some(program) = peer("sops") else { return };
    let world = world().await;
    let (author, reader) = (session(&world, "workflow_dispatch").await, session(&world, "push").await);
    std::fs::write(world.path("plain.yaml"), "password: hunter2\nport: 5432\n").unwrap();
    let address = world.url("/v1/transit/keys/flux");
    let sealed = sops(&world, &program, &["encrypt", "--hc-vault-transit", &address, "plain.yaml"], &author).await;
    let text = String::from_utf8_lossy(&sealed.stdout).into_owned();
    assert!(sealed.status.success() && text.contains("enc: vault:v1:") && !text.contains("hunter2"), "{}", text_of(&sealed));
    std::fs::write(world.path("sealed.yaml"), &text).unwrap();
    for _ in 0..3 {
        let opened = sops(&world, &program, &["decrypt", "sealed.yaml"], &reader).await;
        assert_eq!(String::from_utf8_lossy(&opened.stdout), "password: hunter2\nport: 5432\n", "{}", text_of(&opened));
    }
    let one = sops(&world, &program, &["decrypt", "--extract", "[\"password\"]", "sealed.yaml"], &reader).await;
    assert_eq!(String::from_utf8_lossy(&one.stdout), "hunter2");
    let refused = sops(&world, &program, &["decrypt", "sealed.yaml"], &author).await;
    assert!(!refused.status.success() && text_of(&refused).contains("no_matching_policy"), "{}", text_of(&refused));
    let refused = sops(&world, &program, &["encrypt", "--hc-vault-transit", &address, "plain.yaml"], &reader).await;
    assert!(!refused.status.success() && text_of(&refused).contains("no_matching_policy"), "{}", text_of(&refused));

    // A key in a folder, as keys of further sources are. The folder is part of the mount.
    let folder = world.url("/v1/transit/shop/keys/a");
    let sealed = sops(&world, &program, &["encrypt", "--hc-vault-transit", &folder, "plain.yaml"], &reader).await;
    std::fs::write(world.path("shop.yaml"), &sealed.stdout).unwrap();
    let opened = sops(&world, &program, &["decrypt", "shop.yaml"], &reader).await;
    assert!(opened.status.success() && text_of(&opened).contains("hunter2"), "{} {}", text_of(&sealed), text_of(&opened));

    // Rotation: after a new version is in Git, sops wraps with it.
    let made = world.job("push", &["transit", "create", "shop/a", "-r", &world.recipient, "--to", "access"], &[]).await;
    assert!(made.status.success(), "{}", text_of(&made));
    world.commit_and_wait(&[]).await;
    let rotated = sops(&world, &program, &["rotate", "--in-place", "shop.yaml"], &reader).await;
    let text = std::fs::read_to_string(world.path("shop.yaml")).unwrap();
    assert!(rotated.status.success() && text.contains("enc: vault:v2:"), "{} {text}", text_of(&rotated));
    let operations: Vec<String> = world
        .audit()
        .into_iter()
        .filter(|entry| entry.kind == "released" && !entry.body["in_session"].is_null())
        .map(|entry| format!("{} {}", entry.body["transit"]["operation"], entry.body["transit"]["key"]).replace('"', ""))
        .collect();
    let expected =
        ["encrypt flux", "decrypt flux", "decrypt flux", "decrypt flux", "decrypt flux", "encrypt shop/a", "decrypt shop/a"];
    assert_eq!(operations[..7], expected, "sops requests nothing else");
    assert_eq!(operations[7..], ["decrypt shop/a", "encrypt shop/a"], "its rotation unwraps once and wraps once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bao_command_encrypts_and_decrypts_and_prints_a_denial() {
    let Some(program) = peer("bao") else { return };
    let world = world().await;
    let (author, reader) = (session(&world, "workflow_dispatch").await, session(&world, "push").await);
    let sealed =
        bao(&world, &program, &["write", "-field=ciphertext", "transit/encrypt/flux", "plaintext=aHVudGVyMg=="], &author).await;
    let text = String::from_utf8_lossy(&sealed.stdout).into_owned();
    assert!(sealed.status.success() && text.starts_with("vault:v1:"), "{}", text_of(&sealed));
    let argument = format!("ciphertext={text}");
    let opened = bao(&world, &program, &["write", "-field=plaintext", "transit/decrypt/flux", &argument], &reader).await;
    assert_eq!(String::from_utf8_lossy(&opened.stdout), "aHVudGVyMg==", "{}", text_of(&opened));
    let refused = bao(&world, &program, &["write", "transit/decrypt/flux", &argument], &author).await;
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
    for part in ["no_matching_policy", "Show the decision id to the operator", &record.decision.unwrap()] {
        assert!(!refused.status.success() && text_of(&refused).contains(part), "{part}: {}", text_of(&refused));
    }
    let context = bao(&world, &program, &["write", "transit/encrypt/flux", "plaintext=eA==", "context=eA=="], &author).await;
    assert!(!context.status.success() && text_of(&context).contains("`context` is not taken"), "{}", text_of(&context));
}
