//! Changes while a command waits for a person: it does only what it listed, and only to the content that it read.

use super::{Checkout, with_input};
use crate::support::peer;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Runs a command on a terminal of its own, calls `meanwhile` when it asks, and agrees. Returns what it printed, and its status.
fn agreed(checkout: &Checkout, arguments: &str, meanwhile: impl FnOnce()) -> Option<(String, i32)> {
    let script = peer("script")?;
    let command = format!("{} secret {arguments}", env!("CARGO_BIN_EXE_daypass"));
    let mut terminal = Command::new(script);
    terminal.args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"]).current_dir(checkout.path());
    terminal.env("TERM", "dumb").env_remove("SOPS_AGE_KEY").env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt"));
    let mut child = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(b"[y/N] ") && stdout.read(&mut byte).unwrap() == 1 {
        seen.extend(byte);
    }
    assert!(seen.ends_with(b"[y/N] "), "nothing was asked: {}", String::from_utf8_lossy(&seen));
    meanwhile();
    stdin.write_all(b"y\n").unwrap();
    stdout.read_to_end(&mut seen).unwrap();
    Some((String::from_utf8_lossy(&seen).replace('\r', ""), child.wait().unwrap().code().unwrap()))
}

fn filled() -> Checkout {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/team/db.yaml"], "password: one\n");
    checkout.run(&["encrypt", "-o", "secrets/team/whole.age"], "whole");
    checkout.commit();
    checkout
}

#[test]
fn a_recipient_that_was_not_listed_is_not_added() {
    for how in ["updatekeys", "rotate"] {
        let checkout = filled();
        let [(_, second), (third_key, third)] = ["second", "third"].map(|name| checkout.another(name));
        checkout.rules(&[&checkout.recipient, &second]);
        let meanwhile = || checkout.rules(&[&checkout.recipient, &second, &third]);
        let Some((output, status)) = agreed(&checkout, how, meanwhile) else { return };
        assert!(status == 0 && output.contains("2 files changed") && !output.contains(&third[..20]), "{how}: {output}");
        let text = checkout.read("secrets/team/db.yaml");
        assert!(text.contains(&second) && !text.contains(&third), "{how}: {text}");
        for name in ["db.yaml", "whole.age"] {
            let file = format!("secrets/team/{name}");
            checkout.refused(&["decrypt", &file, "--identity", third_key.to_str().unwrap()], "");
        }
    }
}

#[test]
fn a_value_that_is_set_meanwhile_is_not_overwritten() {
    for how in ["updatekeys", "rotate"] {
        let checkout = filled();
        let (_, second) = checkout.another("second");
        checkout.rules(&[&checkout.recipient, &second]);
        let meanwhile = || {
            checkout.run(&["set", "secrets/team/db.yaml#/password"], "two");
        };
        let Some((output, status)) = agreed(&checkout, &format!("{how} --commit"), meanwhile) else { return };
        assert!(output.contains("secrets/team/db.yaml: was changed by somebody else meanwhile"), "{how}: {output}");
        assert!(status == 78 && output.contains("1 file changed") && !output.contains("committed"), "{how}: {output}");
        assert_eq!(checkout.run(&["decrypt", "secrets/team/db.yaml"], ""), "password: two\n", "{how}");
        // Running the same command again completes the change.
        checkout.run(&[how, "--commit"], "");
        assert!(checkout.read("secrets/team/db.yaml").contains(&second), "{how}");
    }
}

#[test]
fn a_file_that_is_changed_while_an_editor_is_open_is_not_overwritten() {
    let checkout = filled();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/team/other.yaml"], "password: theirs\n");
    checkout.put("editor.sh", "echo 'mine: 1' > \"$1\" && cp secrets/team/other.yaml \"$CHANGED\"\n");
    for name in ["secrets/team/db.yaml", "secrets/team/whole.age", "secrets/team/new.yaml"] {
        let mut edit = checkout.command(&["edit", name]);
        edit.env("EDITOR", "sh editor.sh").env("CHANGED", name).env("XDG_RUNTIME_DIR", "");
        let output = with_input(&mut edit, "");
        let fault = String::from_utf8(output.stderr).unwrap();
        assert!(fault.contains(&format!("{name}: was changed by somebody else meanwhile")), "{name}: {fault}");
        assert_eq!(output.status.code(), Some(78), "{name}");
        assert_eq!(checkout.read(name), checkout.read("secrets/team/other.yaml"), "{name}");
    }
}
