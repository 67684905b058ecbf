use super::*;
use crate::secrets::AgeError;
use crate::secrets::encrypt;
use proptest::prelude::*;

struct Keys {
    identities: Identities,
    recipient: String,
}

fn keys() -> Keys {
    let (file, recipient) = Identities::generate();
    Keys { identities: Identities::parse(&file).unwrap(), recipient }
}

impl Keys {
    fn file(&self, key: &[u8]) -> Vec<u8> {
        encrypt(key, std::slice::from_ref(&self.recipient), true).unwrap()
    }

    fn open(&self, name: &str, version: u32, key: &[u8]) -> Result<OpenedTransitKey, TransitError> {
        let name = TransitKey::parse(name).unwrap();
        OpenedTransitKey::open(&name, &TransitFile { key: name.clone(), version }, &self.file(key), &self.identities)
    }
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

#[test]
fn plaintexts_survive_and_equal_ones_get_different_ciphertexts() {
    let key = keys().open("flux", 7, &[3; 32]).unwrap();
    let (one, other) = (key.encrypt(&secret("hunter2")).unwrap(), key.encrypt(&secret("hunter2")).unwrap());
    assert!(one.starts_with("vault:v7:") && one != other);
    for text in [&one, &other] {
        assert_eq!(key.decrypt(&Ciphertext::parse(text).unwrap()).unwrap().expose(), b"hunter2");
    }
    let empty = key.encrypt(&Secret::new(Vec::new())).unwrap();
    assert_eq!(key.decrypt(&Ciphertext::parse(&empty).unwrap()).unwrap().expose(), b"");
}

#[test]
fn another_key_name_or_version_opens_nothing_even_with_the_same_bytes() {
    let keys = keys();
    let sealed = keys.open("shop/backup", 1, &[3; 32]).unwrap().encrypt(&secret("x")).unwrap();
    let sealed = Ciphertext::parse(&sealed).unwrap();
    for (name, version, bytes) in
        [("shop/backup", 1, [4; 32]), ("shop/other", 1, [3; 32]), ("backup", 1, [3; 32]), ("shop/backup", 2, [3; 32])]
    {
        let fault = keys.open(name, version, &bytes).unwrap().decrypt(&sealed).unwrap_err();
        assert!(matches!(fault, TransitError::Decrypt { .. }), "{name} {version}: {fault}");
    }
}

#[test]
fn a_key_is_32_bytes_or_a_line_of_base64_and_opens_for_its_own_identities() {
    let keys = keys();
    let line = STANDARD.encode([3; 32]);
    let sealed = keys.open("a", 1, &[3; 32]).unwrap().encrypt(&secret("x")).unwrap();
    for file in [line.clone(), format!("{line}\n")] {
        let key = keys.open("a", 1, file.as_bytes()).unwrap();
        assert_eq!(key.decrypt(&Ciphertext::parse(&sealed).unwrap()).unwrap().expose(), b"x");
    }
    for bad in [&[3; 31][..], &[3; 33], b"", STANDARD.encode([3; 16]).as_bytes()] {
        assert!(keys.open("a", 1, bad).err().is_some_and(|fault| matches!(fault, TransitError::NoKey)));
    }
    let created = create_transit_key(std::slice::from_ref(&keys.recipient), None).unwrap();
    let name = TransitKey::parse("a").unwrap();
    let file = TransitFile { key: name.clone(), version: 1 };
    assert!(OpenedTransitKey::open(&name, &file, &created, &keys.identities).is_ok());
    let fault = OpenedTransitKey::open(&name, &file, &created, &super::tests::keys().identities).err().unwrap();
    assert!(matches!(fault, TransitError::Age(AgeError::ForOthers { .. })), "{fault}");
}

#[test]
fn a_ciphertext_has_one_spelling() {
    let body = STANDARD.encode([0; 28]);
    assert!(Ciphertext::parse(&format!("vault:v1:{body}")).is_ok());
    let short = STANDARD.encode([0; 27]);
    let bad = [
        String::new(),
        body.clone(),
        format!("vault:v0:{body}"),
        format!("vault:v01:{body}"),
        format!("vault:v+1:{body}"),
        format!("vault:1:{body}"),
        format!("vault:v1:{short}"),
        format!("vault:v1:{body}\n"),
        format!("vault:v1:{}", body.trim_end_matches('=')),
        format!("vault:v1:{}", body.replace("AA==", "AB==")),
        format!("vault:v4294967296:{body}"),
    ];
    for bad in bad {
        assert!(Ciphertext::parse(&bad).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn no_changed_byte_and_no_part_of_it_opens(at in 0usize..33, bit in 0u8..8, left in 0usize..33) {
        let key = OpenedTransitKey {
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[3; 32]).unwrap()),
            bound: "x".to_owned(),
            version: 1,
        };
        let whole = Ciphertext::parse(&key.encrypt(&secret("12345")).unwrap()).unwrap();
        prop_assert_eq!(whole.sealed.len(), 33);
        let mut changed = whole.sealed.clone();
        changed[at] ^= 1 << bit;
        let opens = |sealed: Vec<u8>| key.decrypt(&Ciphertext { version: 1, sealed }).is_ok();
        prop_assert!(!opens(changed) && !opens(whole.sealed[..left].to_vec()) && opens(whole.sealed));
    }
}
