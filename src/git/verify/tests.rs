//! Tests with commits that git signs by ssh-keygen and gpg.

use super::*;
use std::path::Path;
use std::process::Command;

/// The present time: after the tests' keys are made, and before they expire.
fn now() -> UnixTime {
    crate::words::Clock::now(&crate::words::SystemClock)
}

struct Signed(tempfile::TempDir);

fn run(program: &str, folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GNUPGHOME", folder.join("gnupg"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Signed {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.run("git", &["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        run(program, self.0.path(), arguments)
    }

    /// Makes a commit with these settings for signing, or an unsigned one without settings.
    fn commit(&self, settings: &[&str]) -> CommitId {
        self.commit_with_message(settings, "x")
    }

    fn commit_with_message(&self, settings: &[&str], message: &str) -> CommitId {
        let mut arguments = vec!["-c", "user.name=t", "-c", "user.email=t@acme.example"];
        settings.iter().for_each(|setting| arguments.extend(["-c", setting]));
        arguments.extend(["commit", "--quiet", "--allow-empty", "--message", message]);
        arguments.push(if settings.is_empty() { "--no-gpg-sign" } else { "--gpg-sign" });
        self.run("git", &arguments);
        CommitId::parse(&self.run("git", &["rev-parse", "HEAD"])).unwrap()
    }

    fn commit_ssh(&self, key: &str) -> CommitId {
        self.commit(&["gpg.format=ssh", &format!("user.signingkey={}", self.path(key))])
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Makes a key of this type. Returns its public line.
    fn key(&self, name: &str, kind: &[&str]) -> String {
        let path = self.path(name);
        self.run("ssh-keygen", &[&["-q", "-N", "", "-C", "", "-f", &path, "-t"], kind].concat());
        std::fs::read_to_string(format!("{path}.pub")).unwrap().trim().to_owned()
    }

    fn signer(&self, head: &CommitId, trusted: Option<&CommitId>, allowed: &str) -> Result<String, VerifyError> {
        let mut signers = Signers::default();
        signers.allow_ssh(allowed).unwrap();
        self.source().signer(head, trusted, &signers, now())
    }

    fn source(&self) -> Source {
        Source { path: self.0.path().to_owned(), reference: "refs/heads/main".to_owned() }
    }
}

#[test]
fn listed_keys_of_every_type_are_known() {
    let repository = Signed::new();
    let kinds: [(&str, &[&str]); 5] = [
        ("ed25519", &["ed25519"]),
        ("p256", &["ecdsa", "-b", "256"]),
        ("p384", &["ecdsa", "-b", "384"]),
        ("p521", &["ecdsa", "-b", "521"]),
        ("rsa", &["rsa", "-b", "2048"]),
    ];
    for (name, kind) in kinds {
        let key = repository.key(name, kind);
        let head = repository.commit_ssh(name);
        let other = repository.key(&format!("{name}-other"), kind);
        let allowed = format!("# people\n\n{name}@acme.example,*@ops.acme.example namespaces=\"file,git\" {key} a comment\n");
        let known = repository.signer(&head, None, &allowed);
        assert_eq!(known.unwrap(), format!("{name}@acme.example,*@ops.acme.example"), "{name}");
        let unknown = repository.signer(&head, None, &format!("x@acme.example {other}\n")).unwrap_err().to_string();
        assert!(unknown.contains("not among the allowed signers"), "{unknown}");
    }
}

#[test]
fn options_of_a_line_narrow_it() {
    let repository = Signed::new();
    let key = repository.key("k", &["ed25519"]);
    let head = repository.commit_ssh("k");
    let signer_with = |options: &str| repository.signer(&head, None, &format!("t@acme.example {options} {key}\n"));
    for good in [
        "namespaces=\"git\"",
        "valid-after=\"20200101\"",
        "valid-before=\"29990101Z\",valid-after=\"202001010000\"",
        "namespaces=\"g*\"",
    ] {
        assert!(signer_with(good).is_ok(), "{good}: {:?}", signer_with(good));
    }
    for bad in [
        "namespaces=\"file\"",
        "valid-after=\"29990101\"",
        "valid-before=\"20200101\"",
        "cert-authority",
        "namespaces=\"*,!git\"",
    ] {
        assert!(signer_with(bad).is_err(), "{bad}");
    }
    for broken in
        ["t@acme.example sudo KEY", "t@acme.example ssh-ed25519 AAAA", "t@acme.example valid-after=\"soon\" KEY", "lonely"]
    {
        let fault = Signers::default().allow_ssh(&format!("\n{}\n", broken.replace("KEY", &key))).unwrap_err().to_string();
        assert!(fault.contains("line 2"), "{broken}: {fault}");
    }
    let key = "identity: AGE-SECRET-KEY-1HUNTER2 x";
    let fault = Signers::default().allow_ssh(key).unwrap_err().to_string();
    assert!(fault.contains("`AGE-SECRET-KEY-1…` is unknown"), "{fault}");
}

#[test]
fn an_authority_speaks_for_the_names_of_its_certificates() {
    let repository = Signed::new();
    let (authority, _) = (repository.key("ca", &["ed25519"]), repository.key("k", &["ed25519"]));
    let certify = |validity: &str, name: &str, more: &[&str]| {
        let (ca, key) = (repository.path("ca"), repository.path("k.pub"));
        repository
            .run("ssh-keygen", &[&["-q", "-s", &ca, "-I", "id", "-n", name, "-V", validity], more, &[key.as_str()]].concat());
        repository.commit_ssh("k-cert.pub")
    };
    let allowed = format!("*@acme.example,!root@acme.example cert-authority {authority}\n");
    let good = certify("-1h:+1h", "lea@acme.example", &[]);
    assert_eq!(repository.signer(&good, None, &allowed).unwrap(), "lea@acme.example");
    assert!(repository.signer(&good, None, &format!("*@acme.example {authority}\n")).is_err(), "not as an authority");
    let foreign = repository.key("foreign", &["ed25519"]);
    assert!(repository.signer(&good, None, &format!("*@acme.example cert-authority {foreign}\n")).is_err());
    for (validity, name, more) in [
        ("-2h:-1h", "lea@acme.example", &[][..]),
        ("-1h:+1h", "lea@evil.example", &[][..]),
        ("-1h:+1h", "root@acme.example", &[][..]),
        ("-1h:+1h", "lea@acme.example", &["-h"][..]),
        ("-1h:+1h", "lea@acme.example", &["-O", "force-command=x"][..]),
    ] {
        let head = certify(validity, name, more);
        assert!(repository.signer(&head, None, &allowed).is_err(), "{validity} {name} {more:?}");
    }
}

#[test]
fn every_commit_since_the_last_good_one_is_looked_at() {
    let repository = Signed::new();
    let allowed = format!("t@acme.example {}\n", repository.key("k", &["ed25519"]));
    let first = repository.commit_ssh("k");
    let unsigned = repository.commit(&[]);
    let head = repository.commit_ssh("k");
    let fault = repository.signer(&head, Some(&first), &allowed).unwrap_err().to_string();
    assert!(fault.contains(unsigned.as_str()) && fault.contains("not signed"), "{fault}");
    assert!(repository.signer(&head, Some(&unsigned), &allowed).is_ok(), "what is in force is not looked at again");
    assert!(repository.signer(&head, None, &allowed).is_ok(), "without an anchor the newest speaks");
    // The signature of a merge covers what it brings in.
    repository.run("git", &["checkout", "--quiet", "-b", "side"]);
    repository.commit(&[]);
    repository.run("git", &["checkout", "--quiet", "main"]);
    let settings = format!("user.signingkey={}", repository.path("k"));
    let merge = ["-c", "user.name=t", "-c", "user.email=t@acme.example", "-c", "gpg.format=ssh", "-c", &settings];
    repository.run("git", &[&merge[..], &["merge", "--quiet", "--no-ff", "-S", "-m", "x", "side"]].concat());
    let merged = CommitId::parse(&repository.run("git", &["rev-parse", "HEAD"])).unwrap();
    assert!(repository.signer(&merged, Some(&head), &allowed).is_ok());
}

/// The attack: somebody who may push and not sign fast-forwards the tracked branch to a signer's branch into which main was merged.
#[test]
fn a_branch_that_merged_the_trusted_commit_does_not_take_its_place() {
    let repository = Signed::new();
    let allowed = format!("t@acme.example {}\n", repository.key("k", &["ed25519"]));
    let first = repository.commit_ssh("k");
    repository.run("git", &["checkout", "--quiet", "-b", "draft"]);
    repository.commit_ssh("k");
    repository.run("git", &["checkout", "--quiet", "main"]);
    let trusted = repository.commit_ssh("k");
    repository.run("git", &["checkout", "--quiet", "draft"]);
    let settings = format!("user.signingkey={}", repository.path("k"));
    let merge = ["-c", "user.name=t", "-c", "user.email=t@acme.example", "-c", "gpg.format=ssh", "-c", &settings];
    repository.run("git", &[&merge[..], &["merge", "--quiet", "--no-ff", "-S", "-m", "x", "main"]].concat());
    let draft = CommitId::parse(&repository.run("git", &["rev-parse", "HEAD"])).unwrap();
    assert!(repository.source().is_forward(&trusted, &draft).unwrap(), "it goes forward, by its second parent");
    let fault = repository.signer(&draft, Some(&trusted), &allowed).unwrap_err().to_string();
    assert!(fault.contains(trusted.as_str()) && fault.contains("first-parent line"), "{fault}");
    assert!(repository.signer(&draft, Some(&first), &allowed).is_ok(), "the first commit is on its line");
}

/// A signer's unmerged branch from main has main's head on its first-parent line, so only the trailer distinguishes it.
#[test]
fn a_head_that_names_another_ref_or_none_is_not_signed_for_this_one() {
    let repository = Signed::new();
    let key = repository.key("k", &["ed25519"]);
    let ssh = ["gpg.format=ssh".to_owned(), format!("user.signingkey={}", repository.path("k"))];
    let ssh = [ssh[0].as_str(), ssh[1].as_str()];
    let mut signers = Signers::default();
    signers.allow_ssh(&format!("t@acme.example {key}\n")).unwrap();
    let bound = {
        let mut signers = signers.clone();
        signers.bind_to("refs/heads/main");
        signers
    };
    let main = repository.commit_with_message(&ssh, "x\n\nDaypass-Ref: refs/heads/main\n");
    let judge = |head: &CommitId, signers: &Signers| repository.source().signer(head, Some(&main), signers, now());
    for good in [
        "x\n\nDaypass-Ref: refs/heads/main",
        "Merge branch 'x'\n\nWhy.\n\ndaypass-ref: refs/heads/main\nSigned-off-by: T <t@acme.example>\n",
        "x\n\nDaypass-Ref: refs/heads/release\nDaypass-Ref: refs/heads/main\n",
    ] {
        repository.run("git", &["reset", "--quiet", "--hard", main.as_str()]);
        let head = repository.commit_with_message(&ssh, good);
        assert!(judge(&head, &bound).is_ok(), "{good}: {:?}", judge(&head, &bound));
    }
    for bad in [
        "x",
        "Daypass-Ref: refs/heads/main",
        "x\n\nDaypass-Ref: refs/heads/main2\n",
        "x\n\nDaypass-Ref: refs/heads/draft\n",
        "x\n\nDaypass-Ref: refs/heads/main\n\nThis branch is not ready.\n",
    ] {
        repository.run("git", &["reset", "--quiet", "--hard", main.as_str()]);
        let head = repository.commit_with_message(&ssh, bad);
        let fault = judge(&head, &bound).unwrap_err().to_string();
        assert!(fault.contains("Daypass-Ref: refs/heads/main") && fault.contains(head.as_str()), "{bad}: {fault}");
        assert!(judge(&head, &signers).is_ok(), "{bad}: without the trailer the docs promise less");
    }
}

#[test]
fn a_signature_is_for_its_own_commit() {
    let repository = Signed::new();
    let allowed = format!("t@acme.example {}\n", repository.key("k", &["ed25519"]));
    repository.commit_ssh("k");
    let changed = repository.run("git", &["cat-file", "commit", "HEAD"]).replace("t@acme.example>", "lea@acme.example>");
    std::fs::write(repository.path("changed"), changed + "\n").unwrap();
    let head = repository.run("git", &["hash-object", "-t", "commit", "-w", "changed"]);
    let fault = repository.signer(&CommitId::parse(&head).unwrap(), None, &allowed).unwrap_err().to_string();
    assert!(fault.contains("signature is wrong"), "{fault}");
}

#[test]
fn openpgp_keys_count_while_they_may_sign() {
    let repository = Signed::new();
    std::fs::create_dir(repository.0.path().join("gnupg")).unwrap();
    run("chmod", repository.0.path(), &["700", "gnupg"]);
    let gpg = |arguments: &[&str]| {
        repository.run("gpg", &[&["--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"], arguments].concat())
    };
    let cases: [(&str, &[&str]); 3] = [
        ("ed@acme.example", &["ed25519", "sign"]),
        ("rsa@acme.example", &["rsa2048", "sign"]),
        ("sub@acme.example", &["ed25519", "cert"]),
    ];
    for (user, kind) in cases {
        gpg(&[&["--quick-generate-key", user], kind, &["1d"]].concat());
    }
    let print = gpg(&["--with-colons", "--list-keys", "sub@acme.example"]);
    let print = print.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_matches(':').to_owned();
    gpg(&["--quick-add-key", &print, "ed25519", "sign", "1d"]);
    let signed_by = |user: &str| repository.commit(&["gpg.format=openpgp", &format!("user.signingkey={user}")]);
    let exported = |user: &str| gpg(&["--armor", "--export", user]);
    let signer = |head: &CommitId, key: &str, at: UnixTime| {
        let mut signers = Signers::default();
        signers.allow_openpgp(key.as_bytes()).unwrap();
        repository.source().signer(head, None, &signers, at)
    };
    for user in ["ed@acme.example", "rsa@acme.example", "sub@acme.example"] {
        let head = signed_by(user);
        assert_eq!(signer(&head, &exported(user), now()).unwrap(), user);
        let foreign = if user.starts_with("ed") { "rsa@acme.example" } else { "ed@acme.example" };
        assert!(signer(&head, &exported(foreign), now()).unwrap_err().to_string().contains("no configured OpenPGP key"));
        let later = signer(&head, &exported(user), now().plus(std::time::Duration::from_secs(2 * 86_400)));
        assert!(later.as_ref().unwrap_err().to_string().contains("expired"), "{later:?}");
    }
    let head = signed_by("ed@acme.example");
    let weak = repository.run("git", &["cat-file", "commit", head.as_str()]);
    assert!(weak.contains("BEGIN PGP SIGNATURE"));
    let print = gpg(&["--with-colons", "--list-keys", "ed@acme.example"]);
    let print = print.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_matches(':').to_owned();
    let revocation = repository.path(&format!("gnupg/openpgp-revocs.d/{print}.rev"));
    let text = std::fs::read_to_string(&revocation).unwrap().replace(":-----BEGIN", "-----BEGIN");
    std::fs::write(&revocation, text).unwrap();
    gpg(&["--import", &revocation]);
    assert!(signer(&head, &exported("ed@acme.example"), now()).unwrap_err().to_string().contains("revoked"));
    let _ = Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", repository.0.path().join("gnupg")).status();
}

#[test]
fn a_key_file_without_a_key_is_told() {
    assert!(Signers::default().allow_openpgp(b"nothing").is_err());
}

/// A security key in software (PROTOCOL.u2f of OpenSSH): the test signs the bytes that a device would sign.
#[test]
fn a_security_key_counts_when_it_was_touched() {
    use aws_lc_rs::digest::{SHA256, SHA512, digest};
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    const KIND: &[u8] = b"sk-ssh-ed25519@openssh.com";
    let text = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let device = Ed25519KeyPair::generate().unwrap();
    let key = [text(KIND), text(device.public_key().as_ref()), text(b"ssh:")].concat();
    let signed = |message: &[u8], flags: u8| {
        let hashed =
            [&b"SSHSIG"[..], &text(b"git"), &text(b""), &text(b"sha512"), &text(digest(&SHA512, message).as_ref())].concat();
        let trailer = [flags, 0, 0, 0, 7];
        let touched = [digest(&SHA256, b"ssh:").as_ref(), &trailer, digest(&SHA256, &hashed).as_ref()].concat();
        let signature = [text(KIND), text(device.sign(&touched).as_ref()), trailer.to_vec()].concat();
        let parts = [text(&key), text(b"git"), text(b""), text(b"sha512"), text(&signature)].concat();
        let blob = STANDARD.encode([&b"SSHSIG\0\0\0\x01"[..], &parts].concat());
        format!("-----BEGIN SSH SIGNATURE-----\n{blob}\n-----END SSH SIGNATURE-----\n")
    };
    let mut signers = Signers::default();
    let line = format!("lea@acme.example {} {}\n", String::from_utf8_lossy(KIND), STANDARD.encode(&key));
    signers.allow_ssh(&line).unwrap();
    let judge = |armored: String, message: &[u8]| signers.signer(armored.as_bytes(), message, now());
    assert_eq!(judge(signed(b"a commit", 1), b"a commit").unwrap(), "lea@acme.example");
    assert!(judge(signed(b"a commit", 0), b"a commit").unwrap_err().to_string().contains("not touched"));
    assert!(judge(signed(b"a commit", 1), b"another").unwrap_err().to_string().contains("wrong"));
}
