//! Decrypts a SOPS file of a thousand values, compared with the work no implementation can avoid: AES-GCM, hashing and YAML parsing.

use crate::paired::{medians, ratio};
use crate::support::peer;
use aes_gcm::aead::{Aead, KeyInit, consts::U32};
use aes_gcm::{AesGcm, Nonce, aes::Aes256};
use aws_lc_rs::digest::{Context, SHA512};
use daypass::secrets::{Identities, encrypt_document, open};
use daypass::words::names::SecretPath;
use daypass::words::{Clock, Secret, SystemClock};
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const VALUES: usize = 1000;

pub(crate) fn run(thorough: bool) {
    let (file, recipient) = Identities::generate();
    let identities = Identities::parse(&file).unwrap();
    let path = SecretPath::parse("shop/db.yaml").unwrap();
    let mut plain = String::new();
    (0..VALUES).for_each(|number| writeln!(plain, "key_{number}: a-secret-of-{number}-and-some-more").unwrap());
    let sealed = encrypt_document(&path, plain.as_bytes(), &[recipient], SystemClock.now()).unwrap();
    let text = std::str::from_utf8(&sealed).unwrap();
    let cipher = AesGcm::<Aes256, U32>::new_from_slice(&[7; 32]).unwrap();
    let nonce = [9; 32];
    let values: Vec<Vec<u8>> = plain
        .lines()
        .map(|line| cipher.encrypt(Nonce::from_slice(&nonce), line.split_once(": ").unwrap().1.as_bytes()).unwrap())
        .collect();
    let [whole, one, ciphers, hash, yaml] = medians(
        thorough,
        [
            &mut || _ = black_box(open(&path, &sealed, None, &identities).unwrap()),
            &mut || _ = black_box(open(&path, &sealed, Some("/key_500"), &identities).unwrap()),
            &mut || values.iter().for_each(|value| _ = black_box(cipher.decrypt(Nonce::from_slice(&nonce), &value[..]).unwrap())),
            &mut || {
                let mut hash = Context::new(&SHA512);
                plain.lines().for_each(|line| hash.update(line.split_once(": ").unwrap().1.as_bytes()));
                black_box(hash.finish());
            },
            &mut || _ = black_box(serde_saphyr::from_str::<serde_json::Value>(text).unwrap()),
        ],
    );
    let base = ciphers + hash + yaml;
    println!(
        "decrypt   SOPS YAML of {VALUES} values, whole       {whole:>10.1?}   {:.2} times its parts (aim: 1.5)",
        ratio(whole, base)
    );
    println!("          one key of it, the MAC checked        {one:>10.1?}   {:.2} times its parts", ratio(one, base));
    println!("          the parts: AES-GCM {ciphers:.1?}, SHA-512 {hash:.1?}, YAML parse {yaml:.1?}");
    beside(thorough, whole, &file, &sealed);
}

/// The same file in the real sops and in sops-age. To leave out the start of its process, sops is also timed on a file of one value
/// and the difference is printed. sops-age runs within one process and checks no MAC.
fn beside(thorough: bool, ours: Duration, keys: &Secret, sealed: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.txt"), keys.expose()).unwrap();
    std::fs::write(folder.path().join("a.yaml"), sealed).unwrap();
    let recipient = Identities::parse(keys).unwrap().recipients();
    let one = encrypt_document(&SecretPath::parse("one.yaml").unwrap(), b"a: b\n", &recipient, SystemClock.now()).unwrap();
    std::fs::write(folder.path().join("one.yaml"), one).unwrap();
    let rounds = if thorough { 15 } else { 1 };
    if let Some(sops) = peer("sops") {
        let times = ["a.yaml", "one.yaml"].map(|name| {
            let mut times: Vec<Duration> = (0..rounds).map(|_| timed(&sops, &["decrypt", name], folder.path()).1).collect();
            times.sort();
            times[times.len() / 2]
        });
        let theirs = times[0].saturating_sub(times[1]);
        println!(
            "          sops decrypt, without its start       {theirs:>10.1?}   {:.1} times ours (a process: {:.1?})",
            ratio(theirs, ours),
            times[0]
        );
    }
    if let (Some(module), Some(node)) = (peer("sops-age-js"), peer("node")) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/sops-age.mjs");
        let rounds = rounds.to_string();
        let (printed, _) = timed(&node, &[script, &module.to_string_lossy(), "a.yaml", "key.txt", &rounds], folder.path());
        let theirs = Duration::from_secs_f64(printed.trim().parse::<f64>().unwrap() / 1000.0);
        println!("          sops-age, no MAC checked              {theirs:>10.1?}   {:.1} times ours", ratio(theirs, ours));
    }
}

fn timed(program: &Path, arguments: &[&str], folder: &Path) -> (String, Duration) {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env("SOPS_AGE_KEY_FILE", folder.join("key.txt"))
        .env("SOPS_DISABLE_VERSION_CHECK", "1");
    let started = Instant::now();
    let output = command.output().unwrap();
    let took = started.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), took)
}
