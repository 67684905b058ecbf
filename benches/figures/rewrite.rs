//! Gives a thousand SOPS files of a few values each new data keys: the work of `daypass secret rotate` without git's part.

use daypass::secrets::{Creation, Identities, Rewrite, encrypt_document, rewrite};
use daypass::words::names::SecretPath;
use daypass::words::{Clock, SystemClock};
use std::fmt::Write;
use std::process::Command;
use std::time::Instant;

const FILES: usize = 1000;
const VALUES: usize = 20;

pub(crate) fn run(thorough: bool) {
    let (key, recipient) = Identities::generate();
    let identities = Identities::parse(&key).unwrap();
    let (path, recipients) = (SecretPath::parse("db.yaml").unwrap(), [recipient]);
    let mut plain = String::new();
    (0..VALUES).for_each(|number| writeln!(plain, "key_{number}: a-secret-of-{number}-and-some-more").unwrap());
    let files = if thorough { FILES } else { 5 };
    let sealed = encrypt_document(&path, plain.as_bytes(), &recipients, SystemClock.now()).unwrap();
    let started = Instant::now();
    for _ in 0..files {
        rewrite(&path, &sealed, Rewrite::Rotate, &Creation::to(&recipients), &identities, SystemClock.now()).unwrap().unwrap();
    }
    let each = |started: Instant| started.elapsed() / u32::try_from(files).unwrap();
    println!("rotate    {files} SOPS files of {VALUES} values           {:>10.1?} a file, in memory", each(started));
    let folder = tempfile::tempdir().unwrap();
    let git =
        |arguments: &[&str]| assert!(Command::new("git").current_dir(folder.path()).args(arguments).status().unwrap().success());
    git(&["init", "--quiet", "."]);
    std::fs::create_dir(folder.path().join("secrets")).unwrap();
    std::fs::write(folder.path().join("key.txt"), key.expose()).unwrap();
    std::fs::write(folder.path().join(".sops.yaml"), format!("creation_rules: [{{ age: {} }}]\n", recipients[0])).unwrap();
    (0..files).for_each(|number| std::fs::write(folder.path().join(format!("secrets/db{number}.yaml")), &sealed).unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(["secret", "rotate", "--identity", "key.txt"]).current_dir(folder.path());
    let started = Instant::now();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("          by the command, to the disk and flushed     {:>10.1?} a file (aim: 2 ms)", each(started));
}
