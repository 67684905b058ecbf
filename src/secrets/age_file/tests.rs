use super::*;

fn keys() -> (Identities, String) {
    let (file, recipient) = Identities::generate();
    (Identities::parse(&file).unwrap(), recipient)
}

#[test]
fn opens_what_it_encrypts_armored_and_binary() {
    let (identities, recipient) = keys();
    for armored in [true, false] {
        let encrypted = encrypt(b"hunter2", std::slice::from_ref(&recipient), armored).unwrap();
        assert!(is_age(&encrypted));
        assert_eq!(decrypt(&encrypted, &identities).unwrap().expose(), b"hunter2");
    }
    assert_eq!(identities.recipients(), [recipient]);
}

/// `make fuzz` found it: such a document was encrypted, and then mistaken for an age file.
#[test]
fn a_document_may_have_a_key_that_begins_like_an_age_file() {
    let (_, recipient) = keys();
    for armored in [true, false] {
        assert!(is_age(&encrypt(b"x", std::slice::from_ref(&recipient), armored).unwrap()));
    }
    assert!(is_age(b"age-encryption.org/v2\n") && is_armored(b"\n-----BEGIN AGE ENCRYPTED FILE-----\r\nAAAA"));
    for document in
        ["-----BEGIN AGE ENCRYPTED FILE-----=x\n", "-----BEGIN AGE ENCRYPTED FILE-----: x\n", "age-encryption.org/v1: x\n"]
    {
        assert!(!is_age(document.as_bytes()), "{document}");
    }
}

#[test]
fn another_identity_or_a_changed_byte_opens_nothing() {
    let (identities, recipient) = keys();
    let mut encrypted = encrypt(&[7; 100_000], &[recipient], false).unwrap();
    assert!(decrypt(&encrypted, &keys().0).unwrap_err().to_string().contains("none of this source's"));
    let last = encrypted.len() - 1;
    encrypted[last] ^= 1;
    assert!(decrypt(&encrypted, &identities).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn passphrase_files_and_foreign_identities_are_refused_with_a_reason() {
    let encryptor = Encryptor::with_user_passphrase("p".to_owned().into());
    let encrypted = write(encryptor, b"x", Format::Binary).unwrap();
    assert!(decrypt(&encrypted, &keys().0).unwrap_err().to_string().contains("passphrase"));
    assert!(Identities::parse(&Secret::new(b"# nothing\n".to_vec())).is_err());
    assert!(Identities::parse(&Secret::new(b"AGE-PLUGIN-X-1QQQ\n".to_vec())).is_err());
}

/// A key made by ssh-keygen and its recipient. An empty passphrase means none.
fn ssh_key(kind: &[&str], passphrase: &str) -> (Secret, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-C", "", "-N", passphrase, "-f"])
        .arg(&path)
        .arg("-t")
        .args(kind)
        .status()
        .unwrap();
    assert!(status.success());
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    (Secret::new(std::fs::read(&path).unwrap()), public.trim().to_owned())
}

#[test]
fn every_kind_opens_what_is_encrypted_to_it_and_nothing_else_does() {
    let kinds =
        [Identities::generate(), Identities::generate_hybrid().unwrap(), ssh_key(&["ed25519"], ""), ssh_key(&["rsa"], "")];
    for (number, (_, recipient)) in kinds.iter().enumerate() {
        for armored in [true, false] {
            let encrypted = encrypt(b"hunter2", std::slice::from_ref(recipient), armored).unwrap();
            for (other, (file, _)) in kinds.iter().enumerate() {
                let opened = decrypt(&encrypted, &Identities::parse(file).unwrap());
                assert_eq!(opened.is_ok(), other == number, "{number} {other}: {opened:?}");
                assert!(opened.is_ok_and(|opened| opened.expose() == b"hunter2") || other != number);
            }
        }
    }
    let all: Vec<u8> = kinds.iter().flat_map(|(file, _)| [file.expose(), b"\n# and\n"].concat()).collect();
    let all = Identities::parse(&Secret::new(all)).unwrap();
    for (_, recipient) in &kinds {
        assert!(decrypt(&encrypt(b"x", std::slice::from_ref(recipient), true).unwrap(), &all).is_ok());
    }
    assert_eq!(
        all.recipients(),
        [kinds[1].1.clone()],
        "a file of the server itself is not encrypted to weaker keys beside a post-quantum one"
    );
}

#[test]
fn post_quantum_recipients_are_not_mixed_with_others() {
    let (_, hybrid) = Identities::generate_hybrid().unwrap();
    let (_, second) = Identities::generate_hybrid().unwrap();
    assert!(encrypt(b"x", &[hybrid.clone(), second], false).is_ok());
    assert!(encrypt(b"x", &[hybrid, keys().1], false).unwrap_err().to_string().contains("not mixed"));
}

#[test]
fn unreadable_keys_are_refused_with_the_accepted_kinds() {
    let parse = |text: &str| Identities::parse(&Secret::from(text.to_owned())).err().unwrap().to_string();
    for bad in ["hunter2", "AGE-PLUGIN-YUBIKEY-1QQQ", "-----BEGIN RSA PRIVATE KEY-----", "# nothing"] {
        let fault = parse(bad);
        assert!(fault.contains("AGE-SECRET-KEY-PQ-1…") && fault.contains("ssh-ed25519") && !fault.contains("hunter2"), "{fault}");
    }
    for (line, expected) in [
        ("-----BEGIN RSA PRIVATE KEY-----hunter2-----END RSA PRIVATE KEY-----", "`-----BEGIN RSA PRIVATE KEY-----`"),
        ("-----BEGIN RSA PRIVATE KEY----- hunter2", "`-----BEGIN RSA PRIVATE KEY-----`"),
        ("-----BEGIN hunter2-----", "`-----BEGIN …-----`"),
        ("-----BEGIN hunter2", "`-----BEGIN …-----`"),
    ] {
        let fault = parse(line);
        assert!(fault.contains(expected) && !fault.contains("hunter2"), "{fault}");
    }
    let good = Identities::generate_hybrid().unwrap().0;
    let cut = &good.expose_text().unwrap()[..60];
    assert!(parse(cut).contains("missing or changed") && !parse(cut).contains(cut));
    let (locked, _) = ssh_key(&["ed25519"], "hunter2");
    assert!(parse(locked.expose_text().unwrap()).contains("passphrase"));
    let (wrong, public) = ssh_key(&["ecdsa"], "");
    assert!(parse(wrong.expose_text().unwrap()).contains("ssh-ed25519 and ssh-rsa"));
    let refused = |recipient: &str| encrypt(b"x", &[recipient.to_owned()], false).unwrap_err().to_string();
    assert!(refused(&public).contains("ssh-ed25519 and ssh-rsa"));
    assert!(refused("age1nonsense").contains("age1pq1…"));
    for kind in [&good, &Identities::generate().0] {
        let key = kind.expose_text().unwrap();
        for key in [
            key.to_owned(),
            key.to_lowercase(),
            format!("key={key}"),
            format!("age1{key}"),
            format!("-----BEGIN PRIVATE KEY-----{key}"),
        ] {
            let fault = refused(&key);
            assert!(fault.contains(&key[..16]) && !fault.contains(&key[..22]), "{fault}");
        }
    }
}

/// A sender who adds a stanza of another file to their own header, under a valid MAC.
struct Grafting {
    own: age::x25519::Recipient,
    graft: Vec<Stanza>,
}

impl age::Recipient for Grafting {
    fn wrap_file_key(
        &self,
        key: &age_core::format::FileKey,
    ) -> Result<(Vec<Stanza>, std::collections::HashSet<String>), EncryptError> {
        let (mut stanzas, labels) = self.own.wrap_file_key(key)?;
        let graft = |one: &Stanza| Stanza { tag: one.tag.clone(), args: one.args.clone(), body: one.body.clone() };
        stanzas.extend(self.graft.iter().map(graft));
        Ok((stanzas, labels))
    }
}

#[test]
fn a_file_key_is_the_documents_own_even_if_foreign_stanzas_were_added_to_its_header() {
    let (file, recipient) = Identities::generate();
    let identities = Identities::parse(&file).unwrap();
    let path = crate::words::names::SecretPath::parse("shop/x.age").unwrap();
    let key = |document: &[u8], header: &Header| crate::secrets::file_key(&path, document, header.id(), &identities);
    let their_file = encrypt(b"theirs", std::slice::from_ref(&recipient), false).unwrap();
    let their = header(&their_file).unwrap();
    let graft: Vec<Stanza> = header::stanzas(&their_file).unwrap();
    let digests: Vec<_> = graft.iter().map(|stanza| digest(&stanza.tag, &stanza.args, &stanza.body)).collect();
    let sender = Grafting { own: recipient.parse().unwrap(), graft };
    let encryptor = Encryptor::with_recipients(std::iter::once(&sender as &dyn age::Recipient)).unwrap();
    let grafted = write(encryptor, b"mine", Format::Binary).unwrap();
    let found = header(&grafted).unwrap();
    assert!(found.has(&digests), "the copied stanzas lead to the document that they were added to");
    assert_eq!(decrypt(&grafted, &identities).unwrap().expose(), b"mine");
    let (mine, secret) = (key(&grafted, &found).unwrap(), key(&their_file, &their).unwrap());
    assert!(mine.expose().len() == 16 && mine != secret, "and the returned key is that document's own");
    assert!(key(&grafted, &their).is_err() && key(&their_file, &found).is_err());
}

#[test]
fn files_bound_to_a_path_open_only_there_and_unbound_files_everywhere() {
    let at = |file: &str| RepositoryPath::parse(file).unwrap();
    let (prod, own) = (at("secrets/prod/db.yaml"), at("secrets/team-a/own.yaml"));
    let kinds =
        [Identities::generate(), Identities::generate_hybrid().unwrap(), ssh_key(&["ed25519"], ""), ssh_key(&["rsa"], "")];
    for (file, recipient) in &kinds {
        let (identities, to) = (Identities::parse(file).unwrap(), [recipient.clone(), recipient.clone()]);
        for armored in [true, false] {
            let bound = encrypt_at(b"hunter2", &to, armored, Some(&prod)).unwrap();
            assert_eq!(stanzas(&bound).unwrap().iter().filter(|one| one.tag == "daypass-path").count(), 1);
            assert_eq!(decrypt(&bound, &identities.at(prod.clone())).unwrap().expose(), b"hunter2");
            assert_eq!(decrypt(&bound, &identities).unwrap().expose(), b"hunter2", "no path is known");
            let fault = decrypt(&bound, &identities.at(own.clone())).unwrap_err().to_string();
            assert!(fault.contains("for `secrets/prod/db.yaml`"), "{fault}");
            assert!(fault.contains("daypass secret rotate secrets/team-a/own.yaml"), "{fault}");
            let free = encrypt(b"hunter2", &to, armored).unwrap();
            assert!(decrypt(&free, &identities.at(own.clone())).is_ok());
        }
        // The path is under the MAC: another one, or none, is a damaged header.
        let bound = encrypt_at(b"hunter2", &to, false, Some(&prod)).unwrap();
        let line = b"-> daypass-path secrets/prod/db.yaml\n\n";
        let start = bound.windows(line.len()).position(|bytes| bytes == line).unwrap();
        let (before, after) = (&bound[..start], &bound[start + line.len()..]);
        let other = [before, &b"-> daypass-path secrets/team-a/own.yaml\n\n"[..], after].concat();
        for changed in [other, [before, after].concat()] {
            assert!(decrypt(&changed, &identities.at(own.clone())).is_err(), "{recipient}");
        }
    }
    let (_, hybrid) = Identities::generate_hybrid().unwrap();
    let mixed = encrypt_at(b"x", &[hybrid, keys().1], false, Some(&prod));
    assert!(mixed.unwrap_err().to_string().contains("not mixed"), "the path removes no label of its recipient");
}

/// Anybody who can push a file makes every reading of its commit pay for it, and the age crate parses a header anew for each line.
#[test]
fn headers_beyond_the_limits_are_refused_and_the_largest_allowed_one_opens() {
    let (identities, recipient) = keys();
    let encrypted = |count: usize| encrypt(b"hunter2", &vec![recipient.clone(); count], false);
    assert!(matches!(encrypted(STANZAS_MAX), Err(AgeError::TooMany { count: STANZAS_MAX })));
    assert_eq!(decrypt(&encrypted(STANZAS_MAX - 1).unwrap(), &identities).unwrap().expose(), b"hunter2");
    let hybrid = Identities::generate_hybrid().unwrap();
    let many = encrypt(b"hunter2", &vec![hybrid.1; STANZAS_MAX - 1], true).unwrap();
    assert_eq!(decrypt(&many, &Identities::parse(&hybrid.0).unwrap()).unwrap().expose(), b"hunter2");
    let stanza = format!("-> X25519 {0}\n{0}\n", "A".repeat(43));
    let with = |body: &str| format!("age-encryption.org/v1\n{body}").into_bytes();
    for (what, file) in [
        ("one recipient more", with(&(stanza.repeat(STANZAS_MAX + 1) + &format!("--- {}\n", "A".repeat(43))))),
        ("a thousand", with(&(stanza.repeat(1000) + &format!("--- {}\n", "A".repeat(43))))),
        (
            "one with a long body",
            with(&format!("-> x\n{}--- {}\n", format!("{}\n", "A".repeat(64)).repeat(5000), "A".repeat(43))),
        ),
        ("no end", with(&stanza.repeat(10_000))),
    ] {
        assert!(matches!(decrypt(&file, &identities), Err(AgeError::Unbounded)), "{what}");
        assert!(header(&file).is_none(), "{what}");
    }
}
