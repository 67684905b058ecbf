//! A change of many files after an earlier try: what it resumes and what not.

use super::{Checkout, with_input};
use crate::support::git;
use std::process::{Command, Stdio};

/// Two documents and a whole file for the checkout's own key, and a faulty file that lets every try fail.
fn faulty() -> Checkout {
    let checkout = Checkout::new();
    for name in ["one", "two"] {
        checkout.run(&["encrypt", "--sops", "-o", &format!("secrets/team/{name}.yaml")], "password: x\n");
    }
    checkout.run(&["encrypt", "-o", "secrets/team/whole.age"], "whole");
    checkout.put("secrets/team/bad.yaml", "plain: 1\n");
    checkout.commit();
    checkout
}

#[test]
fn an_earlier_try_for_other_recipients_is_not_resumed() {
    for how in ["updatekeys", "rotate"] {
        let checkout = faulty();
        let (their_key, theirs) = checkout.another("their");
        checkout.rules(&[&checkout.recipient, &theirs]);
        assert!(checkout.refused(&[how, "--commit"], "").1.contains("secrets/team/bad.yaml"));
        // The recipient was a mistake.
        checkout.rules(&[&checkout.recipient]);
        std::fs::remove_file(checkout.path().join("secrets/team/bad.yaml")).unwrap();
        let output = checkout.run(&[how, "--commit"], "");
        assert!(output.contains("3 files changed, 0 as they should be") && !output.contains("earlier try"), "{how}: {output}");
        let named = git(checkout.path(), &["ls-files", "-m"]);
        assert_eq!(named, "secrets/team/bad.yaml", "{how}");
        for name in ["one.yaml", "two.yaml", "whole.age"] {
            let file = format!("secrets/team/{name}");
            assert!(!checkout.read(&file).contains(&theirs), "{how} {name}");
            let mut decrypt = checkout.command(&["decrypt", &file, "--identity", their_key.to_str().unwrap()]);
            assert!(!with_input(&mut decrypt, "").status.success(), "{how} {name}");
        }
    }
}

/// A command that names one file does not commit what an earlier try changed elsewhere.
#[test]
fn only_the_named_files_are_committed() {
    let checkout = faulty();
    let (_, theirs) = checkout.another("their");
    let (_, third) = checkout.another("third");
    checkout.rules(&[&checkout.recipient, &theirs]);
    checkout.refused(&["updatekeys"], "");
    checkout.rules(&[&checkout.recipient, &third]);
    checkout.run(&["updatekeys", "--commit", "secrets/team/one.yaml"], "");
    assert_eq!(git(checkout.path(), &["show", "--format=", "--name-only", "HEAD"]), "secrets/team/one.yaml");
    assert!(git(checkout.path(), &["show", "HEAD:secrets/team/one.yaml"]).contains(&third));
}

#[test]
fn a_recipient_that_is_named_twice_counts_once() {
    let checkout = Checkout::new();
    let (_, theirs) = checkout.another("their");
    let ours = checkout.recipient.clone();
    let file = "secrets/team/db.yaml";
    for how in ["updatekeys", "rotate"] {
        checkout.run(&["encrypt", "--sops", "--force", "-r", &ours, "-r", &theirs, "-o", file], "password: x\n");
        checkout.run(&[how, "-r", &ours, "-r", &ours, file], "");
        let text = checkout.read(file);
        assert!(!text.contains(&theirs) && text.matches(&ours).count() == 1, "{how}: {text}");
    }
    checkout.run(&["encrypt", "--sops", "--force", "-r", &ours, "-r", &ours, "-o", file], "password: x\n");
    assert_eq!(checkout.read(file).matches(&ours).count(), 1);
}

/// The size of a file is checked before it is read.
#[test]
fn a_file_that_is_too_large_is_a_fault_of_its_own() {
    let checkout = faulty();
    std::fs::remove_file(checkout.path().join("secrets/team/bad.yaml")).unwrap();
    let huge = std::fs::File::create(checkout.path().join("secrets/team/huge.yaml")).unwrap();
    huge.set_len(4 << 30).unwrap();
    let mut limited = Command::new("sh");
    let key = checkout.path().join("key.txt");
    limited.args(["-c", "ulimit -v 3000000; exec \"$0\" secret rotate", env!("CARGO_BIN_EXE_daypass")]);
    limited.current_dir(checkout.path()).env("SOPS_AGE_KEY_FILE", key).env_remove("SOPS_AGE_KEY").stdin(Stdio::null());
    let output = with_input(&mut limited, "");
    let (printed, fault) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(fault.contains("secrets/team/huge.yaml: the file is larger than 2 MiB"), "{fault}");
    assert!(output.status.code() == Some(78) && printed.contains("3 files changed"), "{printed} {fault}");
}
