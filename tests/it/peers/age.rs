//! Other implementations of age: files for every kind of key, encrypted by one side and decrypted by the other.

use crate::support::peer;
use daypass::secrets::{Creation, Identities, RepositoryPath, encrypt_at, encrypt_document_with, open};
use daypass::words::names::SecretPath;
use daypass::words::{Secret, UnixTime};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

/// An identity file and its recipient.
struct Pair {
    file: &'static str,
    recipient: String,
}

fn run(program: impl AsRef<OsStr>, arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    let output = command.env("HOME", folder).env("SOPS_DISABLE_VERSION_CHECK", "1").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn of_ours(folder: &Path, file: &'static str, (identity, recipient): (Secret, String)) -> Pair {
    std::fs::write(folder.join(file), [identity.expose(), b"\n"].concat()).unwrap();
    Pair { file, recipient }
}

fn of_ssh(folder: &Path, file: &'static str) -> Pair {
    run("ssh-keygen", &["-q", "-N", "", "-C", "", "-t", file, "-f", file], folder);
    let recipient = std::fs::read_to_string(folder.join(format!("{file}.pub"))).unwrap();
    Pair { file, recipient: recipient.trim().to_owned() }
}

fn identities(folder: &Path, pair: &Pair) -> Identities {
    Identities::parse(&Secret::new(std::fs::read(folder.join(pair.file)).unwrap())).unwrap()
}

/// A peer: its program, and the arguments with which it encrypts `plain` to standard output and decrypts `ours`.
struct Peer<'a> {
    program: &'a Path,
    /// Arguments before those: a script.
    before: Vec<String>,
    encrypt: &'a dyn Fn(&str, bool) -> Vec<String>,
    decrypt: &'a dyn Fn(&str) -> Vec<String>,
}

impl Peer<'_> {
    fn run(&self, arguments: &[String], folder: &Path) -> Vec<u8> {
        let all: Vec<&str> = self.before.iter().chain(arguments).map(String::as_str).collect();
        run(self.program, &all, folder).stdout
    }
}

fn goes_both_ways(folder: &Path, peer: &Peer<'_>, pair: &Pair) {
    std::fs::write(folder.join("plain"), "hunter2").unwrap();
    for armored in [true, false] {
        let sealed = peer.run(&(peer.encrypt)(&pair.recipient, armored), folder);
        assert_eq!(sealed.starts_with(b"-----BEGIN AGE"), armored);
        let opened = open(&SecretPath::parse("a.age").unwrap(), &sealed, None, &identities(folder, pair));
        assert_eq!(opened.unwrap_or_else(|fault| panic!("{}: {fault}", pair.file)).expose(), b"hunter2");
        // A file that is bound to a path opens anywhere with implementations that do not know the binding.
        for path in [None, Some(RepositoryPath::parse("secrets/shop/db.age").unwrap())] {
            let sealed = encrypt_at(b"hunter3", std::slice::from_ref(&pair.recipient), armored, path.as_ref()).unwrap();
            std::fs::write(folder.join("ours"), sealed).unwrap();
            let opened = peer.run(&(peer.decrypt)(pair.file), folder);
            assert_eq!(opened, b"hunter3", "{}", pair.file);
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn as_age<'a>(program: &'a Path) -> Peer<'a> {
    Peer {
        program,
        before: Vec::new(),
        encrypt: &|recipient, armored| {
            let mut arguments = words(&["--encrypt", "-r", recipient, "plain"]);
            if armored {
                arguments.insert(0, "--armor".to_owned());
            }
            arguments
        },
        decrypt: &|file| words(&["--decrypt", "-i", file, "ours"]),
    }
}

fn as_script<'a>(program: &'a Path, before: &[&str]) -> Peer<'a> {
    Peer {
        program,
        before: words(before),
        encrypt: &|recipient, armored| words(&["encrypt", recipient, if armored { "armored" } else { "binary" }, "plain"]),
        decrypt: &|file| words(&["decrypt", file, "ours"]),
    }
}

#[test]
fn x25519_and_both_kinds_of_ssh_keys_go_both_ways_with_debians_age() {
    let Some(age) = peer("age") else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pairs = [of_ours(folder, "x25519", Identities::generate()), of_ssh(folder, "ed25519"), of_ssh(folder, "rsa")];
    pairs.iter().for_each(|pair| goes_both_ways(folder, &as_age(&age), pair));
}

#[test]
fn post_quantum_and_other_keys_go_both_ways_with_age_1_3() {
    let (Some(age), Some(keygen)) = (peer("age-1.3"), peer("age-keygen-1.3")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    goes_both_ways(folder, &as_age(&age), &of_ours(folder, "ours.key", Identities::generate_hybrid().unwrap()));
    run(&keygen, &["-pq", "-o", "theirs.key"], folder);
    let recipient = String::from_utf8(run(&keygen, &["-y", "theirs.key"], folder).stdout).unwrap().trim().to_owned();
    let theirs = Pair { file: "theirs.key", recipient };
    assert_eq!(identities(folder, &theirs).recipients(), std::slice::from_ref(&theirs.recipient));
    goes_both_ways(folder, &as_age(&age), &theirs);
    for pair in [of_ours(folder, "x25519", Identities::generate()), of_ssh(folder, "ed25519"), of_ssh(folder, "rsa")] {
        goes_both_ways(folder, &as_age(&age), &pair);
    }
}

#[test]
fn x25519_and_post_quantum_keys_go_both_ways_with_typage() {
    let (Some(node), Some(installed)) = (peer("node"), peer("age-encryption-js")) else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/age-encryption.mjs");
    let installed = std::fs::canonicalize(installed).unwrap();
    let typage = as_script(&node, &[script, installed.to_str().unwrap()]);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    goes_both_ways(folder, &typage, &of_ours(folder, "pq", Identities::generate_hybrid().unwrap()));
    goes_both_ways(folder, &typage, &of_ours(folder, "x25519", Identities::generate()));
}

#[test]
fn x25519_and_ssh_keys_go_both_ways_with_pyrage() {
    let Some(python) = peer("python-pyrage") else { return };
    let pyrage = as_script(&python, &[concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/pyrage_peer.py")]);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pairs = [of_ours(folder, "x25519", Identities::generate()), of_ssh(folder, "ed25519"), of_ssh(folder, "rsa")];
    pairs.iter().for_each(|pair| goes_both_ways(folder, &pyrage, pair));
}

#[test]
fn sops_files_for_post_quantum_and_ssh_keys_go_both_ways() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join(".ssh")).unwrap();
    let pairs = [of_ours(folder, "pq", Identities::generate_hybrid().unwrap()), of_ssh(folder, "ed25519"), of_ssh(folder, "rsa")];
    for pair in pairs {
        let path = SecretPath::parse("a.yaml").unwrap();
        std::fs::write(folder.join("a.yaml"), "password: hunter2\n").unwrap();
        let sealed = run(&sops, &["encrypt", "--age", &pair.recipient, "a.yaml"], folder).stdout;
        let opened = open(&path, &sealed, Some("/password"), &identities(folder, &pair));
        assert_eq!(opened.unwrap_or_else(|fault| panic!("{}: {fault}", pair.file)).expose(), b"hunter2");
        let now = UnixTime::from_seconds(1_800_000_000);
        let bound = RepositoryPath::parse("secrets/shop/b.yaml").unwrap();
        let creation = Creation::to(std::slice::from_ref(&pair.recipient)).at(Some(bound));
        let ours = encrypt_document_with(&path, b"password: hunter3\n", &creation, now).unwrap();
        assert_eq!(String::from_utf8_lossy(&ours).matches("BEGIN AGE").count(), 1);
        std::fs::write(folder.join("b.yaml"), ours).unwrap();
        let key = folder.join(pair.file);
        let variable = if pair.file == "pq" { "SOPS_AGE_KEY_FILE" } else { "SOPS_AGE_SSH_PRIVATE_KEY_FILE" };
        let opened = Command::new(&sops)
            .args(["decrypt", "--extract", "[\"password\"]", "b.yaml"])
            .current_dir(folder)
            .env("SOPS_DISABLE_VERSION_CHECK", "1")
            .env(variable, key)
            .output()
            .unwrap();
        assert_eq!(opened.stdout, b"hunter3", "{}: {}", pair.file, String::from_utf8_lossy(&opened.stderr));
    }
}

#[test]
fn the_command_makes_keys_and_encrypts_to_each_kind_but_not_to_a_mixture() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let daypass = env!("CARGO_BIN_EXE_daypass");
    let recipient = |arguments: &[&str]| String::from_utf8(run(daypass, arguments, folder).stdout).unwrap().trim().to_owned();
    let hybrid = recipient(&["secret", "keygen", "--pq", "--to", "pq.key"]);
    let classic = recipient(&["secret", "keygen", "--to", "x.key"]);
    assert!(hybrid.starts_with("age1pq1") && classic.starts_with("age1") && classic.len() == 62);
    let ssh = of_ssh(folder, "ed25519");
    std::fs::write(folder.join("plain"), "hunter2").unwrap();
    for (file, recipient) in [("pq.key", &hybrid), ("x.key", &classic), ("ed25519", &ssh.recipient)] {
        let sealed = run(daypass, &["secret", "encrypt", "-r", recipient, "plain"], folder).stdout;
        let identities = Identities::parse(&Secret::new(std::fs::read(folder.join(file)).unwrap())).unwrap();
        assert_eq!(open(&SecretPath::parse("a.age").unwrap(), &sealed, None, &identities).unwrap().expose(), b"hunter2");
    }
    let arguments = ["secret", "encrypt", "-r", &hybrid, "-r", &classic, "plain"];
    let refused = Command::new(daypass).args(arguments).current_dir(folder).output().unwrap();
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(64) && stderr.contains("not mixed"), "{stderr}");
}
