//! A SOPS file of a thousand values, beside what no way around it can save: its AES-GCM, its hashing and its YAML parse.

use crate::paired::{medians, ratio};
use aes_gcm::aead::{Aead, KeyInit, consts::U32};
use aes_gcm::{AesGcm, Nonce, aes::Aes256};
use aws_lc_rs::digest::{Context, SHA512};
use daypass::secrets::{Identities, encrypt_document, open};
use daypass::words::names::SecretPath;
use daypass::words::{Clock, SystemClock};
use std::fmt::Write;
use std::hint::black_box;

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
}
