//! Reading a named file is bounded, because a device has no end.

use super::{Checkout, with_input};
use std::process::Command;

#[test]
fn endless_and_too_large_files_are_refused_with_the_limit() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/db.yaml"], "password: hunter2\n");
    std::fs::write(checkout.path().join("secrets/large.yaml"), vec![b'x'; 2 * 1024 * 1024 + 1]).unwrap();
    std::fs::write(checkout.path().join("large"), vec![b'x'; 1024 * 1024 + 1]).unwrap();
    let (no_file, db) = ("neither a file nor a pipe", "secrets/db.yaml");
    let cases: [(&[&str], &str); 9] = [
        (&["decrypt", "/dev/zero"], no_file),
        (&["decrypt", "secrets/large.yaml"], "larger than 2097152 bytes"),
        (&["decrypt", "--identity", "/dev/urandom", db], no_file),
        (&["encrypt", "/dev/zero", "-o", "secrets/new.age"], no_file),
        (&["encrypt", "large", "-o", "secrets/new.age"], "larger than 1048576 bytes"),
        (&["edit", "/dev/zero"], no_file),
        (&["set", "/dev/zero#/password"], no_file),
        (&["unset", "/dev/zero#/password"], no_file),
        (&["status", "--config", "/dev/zero"], no_file),
    ];
    for (arguments, expected) in cases {
        // Also ends a command that would read for ever.
        let mut bounded = Command::new("prlimit");
        bounded.args(["--as=4000000000", "--cpu=20", "--", env!("CARGO_BIN_EXE_daypass"), "secret"]).args(arguments);
        bounded.current_dir(checkout.path()).env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt"));
        let output = with_input(&mut bounded, "hunter2");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            matches!(output.status.code(), Some(64 | 78)) && stderr.contains(expected),
            "{arguments:?}: {:?} {stderr}",
            output.status
        );
    }
    assert!(!checkout.path().join("secrets/new.age").exists());
}

#[test]
fn a_pipe_and_standard_input_are_read_like_a_file() {
    let checkout = Checkout::new();
    let script = "printf hunter2 | \"$0\" secret encrypt /dev/stdin -o secrets/a.age && \"$0\" secret decrypt secrets/a.age";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_daypass")]).current_dir(checkout.path());
    let output = with_input(command.env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt")), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, b"hunter2");
}
