use super::*;
use rcgen::{CertificateParams, KeyPair};

fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// The error of these files.
fn error_of(chain: &[u8], key: &[u8], client_ca: Option<&[u8]>) -> String {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let client_ca = client_ca.map(|bytes| put("ca.crt", bytes));
    let loaded = Certificate::load_for(put("tls.crt", chain), put("tls.key", key), client_ca);
    let message = loaded.err().map_or_else(|| "good".to_owned(), |fault| fault.to_string());
    message.replace(&format!("{}/", folder.path().display()), "")
}

/// Chain, key, authorities of clients, and the beginning of the error.
type Case<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>, &'a str);

#[test]
fn each_fault_of_the_files_has_an_error_that_names_it() {
    let ((chain, key), (other, other_key)) = (pair(), pair());
    let (chain, key) = (chain.as_bytes(), key.as_bytes());
    let block = |name: &str, body: &str| format!("-----BEGIN {name}-----\n{body}\n-----END {name}-----\n").into_bytes();
    let (garbage, cut) = (block("CERTIFICATE", "AAAA"), &chain[..chain.len() / 2]);
    let der = CertificateParams::new([]).unwrap().self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    let cases: [Case<'_>; 17] = [
        (chain, key, None, "good"),
        (chain, key, Some(other.as_bytes()), "good"),
        (chain, other_key.as_bytes(), None, "tls.key: it is not the key of the certificate in tls.crt"),
        (&[other.as_bytes(), chain].concat(), key, None, "tls.key: it is not the key"),
        (b"", key, None, "tls.crt: it holds no PEM certificate"),
        (b"nothing", key, None, "tls.crt: it holds no PEM certificate"),
        (key, chain, None, "tls.crt: it holds a key and no certificate"),
        (&der, key, None, "tls.crt: it is no PEM: `openssl x509"),
        (cut, key, None, "tls.crt: its PEM has no `-----END`"),
        (&block("CERTIFICATE", "?!"), key, None, "tls.crt: its PEM is broken"),
        (&garbage, key, None, "tls.crt: a certificate in it cannot be read"),
        (&[chain, &garbage].concat(), key, None, "good"),
        (chain, b"", None, "tls.key: it holds no PEM key"),
        (chain, chain, None, "tls.key: it holds a certificate and no key"),
        (chain, &block("ENCRYPTED PRIVATE KEY", "AAAA"), None, "tls.key: the key has a passphrase"),
        (chain, &block("PRIVATE KEY", "AAAA"), None, "tls.key: TLS cannot use this key"),
        (chain, key, Some(b""), "ca.crt: it holds no PEM certificate"),
    ];
    for (chain, key, client_ca, expected) in cases {
        let message = error_of(chain, key, client_ca);
        assert!(message.starts_with(expected), "{message}; expected {expected}");
    }
    assert!(error_of(chain, key, Some(&garbage)).starts_with("ca.crt: a certificate in it cannot be read"));
}

/// Nobody writes into the pipe, so a reader that waited for its end would wait for ever.
#[test]
fn a_pipe_is_no_certificate_and_is_not_waited_for() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (chain, key) = pair();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("tls.crt"), chain).unwrap();
    std::fs::write(at("tls.key"), key).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    for (chain, key, ca) in [("pipe", "tls.key", None), ("tls.crt", "pipe", None), ("tls.crt", "tls.key", Some(at("pipe")))] {
        let fault = Certificate::load_for(at(chain), at(key), ca).err().unwrap().to_string();
        assert!(fault.contains("/pipe: ") && fault.contains("it is a pipe"), "{fault}");
    }
}
