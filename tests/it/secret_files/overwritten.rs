//! `secret encrypt --to` an existing file.

use super::{Checkout, with_input};

#[test]
fn an_encrypted_file_is_overwritten_only_with_force() {
    let checkout = Checkout::new();
    let run = |more: &[&str], input: &str| {
        let arguments = [&["encrypt", "--sops", "--to", "secrets/db.yaml"], more].concat();
        let output = with_input(&mut checkout.command(&arguments), input);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run(&[], "password: first\n").0, Some(0));
    let first = checkout.read("secrets/db.yaml");
    let (status, printed) = run(&[], "password: second\n");
    assert!(status == Some(64) && printed.contains("is there already") && printed.contains("secret edit"), "{printed}");
    assert_eq!(checkout.read("secrets/db.yaml"), first, "nothing is lost");
    assert_eq!(run(&["--force"], "password: second\n").0, Some(0));
    assert_ne!(checkout.read("secrets/db.yaml"), first);
}
