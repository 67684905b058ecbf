use super::*;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine;

fn pkcs8() -> Vec<u8> {
    let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    der.as_ref().to_vec()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn both_forms_of_pem_are_read_and_sign_alike() {
    let der = pkcs8();
    // RFC 5208: the key itself stands behind the version, the algorithm and the header of its octets.
    let (new, old) =
        (parse(pem("PRIVATE KEY", &der).as_bytes()).unwrap(), parse(pem("RSA PRIVATE KEY", &der[26..]).as_bytes()).unwrap());
    let signature = sign_by(&old, b"input").unwrap();
    assert_eq!(signature, sign_by(&new, b"input").unwrap());
    let public = aws_lc_rs::signature::UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, new.public_key().as_ref());
    assert!(public.verify(b"input", &signature).is_ok() && public.verify(b"other", &signature).is_err());
}

#[test]
fn a_file_without_an_app_key_is_an_error() {
    let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let whole = pem("RSA PRIVATE KEY", &pkcs8()[26..]);
    for (bytes, fault) in [
        ("", PemKeyError::NoPem),
        ("hello", PemKeyError::NoPem),
        (&whole[..800], PemKeyError::NoPem),
        (&whole.replace("PRIVATE KEY", "PUBLIC KEY"), PemKeyError::NoPem),
        (&elliptic, PemKeyError::NotRsa),
        (&pem("RSA PRIVATE KEY", b"0\x03\x02\x01\x00"), PemKeyError::NotRsa),
        (&pem("ENCRYPTED PRIVATE KEY", b"0"), PemKeyError::Passphrase),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", PemKeyError::Passphrase),
    ] {
        assert_eq!(parse(bytes.as_bytes()).err(), Some(fault), "{bytes}");
    }
}

#[tokio::test]
async fn a_changed_file_signs_anew_and_a_broken_one_does_not_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.pem");
    let write = |text: &str, age: u64| {
        std::fs::write(&path, text).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age)).unwrap();
    };
    let missing = AppKey::open(&KeyAt::File(path.clone())).err().unwrap().to_string();
    assert!(missing.contains("app.pem"), "{missing}");
    let none = AppKey::open(&KeyAt::Credential("app".to_owned(), None)).err().unwrap();
    assert!(matches!(none, AppKeyError::NoCredentials { .. }), "{none}");
    write(&pem("PRIVATE KEY", &pkcs8()), 1);
    let key = AppKey::open(&KeyAt::Credential("app.pem".to_owned(), Some(folder.path().to_owned()))).unwrap();
    let first = key.sign(b"input").await.unwrap();
    write("-----BEGIN", 2);
    assert_eq!(key.sign(b"input").await.unwrap(), first);
    write(&pem("PRIVATE KEY", &pkcs8()), 3);
    let second = key.sign(b"input").await.unwrap();
    assert!(second != first && second == key.sign(b"input").await.unwrap());
}
