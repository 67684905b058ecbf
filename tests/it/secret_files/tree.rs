//! Changes of a whole tree: recipients and data keys, as one commit and resumed. And the git hook.

use super::{Checkout, with_input};
use crate::support::{git, peer};
use serde_json::Value;
use std::process::Command;

fn filled() -> Checkout {
    let checkout = Checkout::new();
    for number in 0..6 {
        checkout.run(
            &["encrypt", "--sops", "-o", &format!("secrets/team/db{number}.yaml")],
            &format!("password: value{number}\nport: {number}\n"),
        );
    }
    checkout.run(&["encrypt", "-o", "secrets/team/whole.age"], "whole");
    checkout.run(&["encrypt", "-o", "transit/flux/1.age"], &"k".repeat(32));
    checkout.commit();
    checkout
}

fn opens(checkout: &Checkout, key: &std::path::Path, file: &str) -> bool {
    let output = with_input(&mut checkout.command(&["unset", "--identity", key.to_str().unwrap(), &format!("{file}#/port")]), "");
    git(checkout.path(), &["checkout", "--quiet", "HEAD", "--", file]);
    output.status.success()
}

#[test]
fn recipients_and_data_keys_change_over_a_tree_as_one_commit() {
    let checkout = filled();
    let (new_key, new) = checkout.another("new");
    checkout.rules(&[&checkout.recipient, &new]);
    checkout.commit();
    assert!(!opens(&checkout, &new_key, "secrets/team/db0.yaml"));
    let value = |text: &str| text.lines().next().unwrap().to_owned();
    let before = checkout.read("secrets/team/db0.yaml");
    let output = checkout.run(&["updatekeys", "--commit"], "");
    assert!(
        output.contains("8 files changed, 0 as they should be\ncommitted as ") && output.contains("secret rotate"),
        "{output}"
    );
    let planned: Vec<&str> = output.lines().take_while(|line| !line.starts_with("8 files")).collect();
    let is_told = planned.iter().any(|line| line.starts_with("secrets/team/db0.yaml: lacks age1"));
    assert!(planned.len() == 8 && is_told && planned[0].contains(": encrypted anew to age1"), "{output}");
    assert_eq!(value(&checkout.read("secrets/team/db0.yaml")), value(&before));
    assert!(opens(&checkout, &new_key, "secrets/team/db0.yaml") && git(checkout.path(), &["status", "--porcelain"]).is_empty());
    // A removed recipient can open neither the file nor the new data key.
    checkout.rules(&[&new]);
    checkout.commit();
    let patch = checkout.path().join("../rotate.patch");
    let output = checkout.run(&["rotate", "--commit", "--output", "json", "--patch", patch.to_str().unwrap()], "");
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((&report["changed"], &report["unchanged"], &report["faults"]), (&8.into(), &0.into(), &Value::Array(vec![])));
    assert_ne!(value(&checkout.read("secrets/team/db0.yaml")), value(&before));
    assert!(
        opens(&checkout, &new_key, "secrets/team/db0.yaml")
            && !opens(&checkout, &checkout.path().join("key.txt"), "secrets/team/db0.yaml")
    );
    assert_eq!(git(checkout.path(), &["show", "--format=%s", "--name-only", "HEAD"]).lines().count(), 1 + 1 + 8);
    git(checkout.path(), &["checkout", "--quiet", "HEAD~1"]);
    git(checkout.path(), &["apply", patch.to_str().unwrap()]);
    assert!(git(checkout.path(), &["diff", "main"]).is_empty(), "the patch is the commit");
    std::fs::remove_file(patch).unwrap();
    let Some(sops) = peer("sops") else { return };
    git(checkout.path(), &["checkout", "--quiet", "--force", "main"]);
    let mut decrypt = Command::new(sops);
    decrypt.args(["decrypt", "secrets/team/db5.yaml"]).current_dir(checkout.path()).env("SOPS_AGE_KEY_FILE", new_key);
    assert_eq!(String::from_utf8_lossy(&with_input(&mut decrypt, "").stdout), "password: value5\nport: 5\n");
}

#[test]
fn an_interrupted_rotation_is_resumed_and_a_faulty_file_stops_no_other() {
    let checkout = filled();
    checkout.put("secrets/team/db3.yaml", "password: plain\n");
    let (status, output) = checkout.refused(&["rotate", "--commit"], "");
    assert!(status == 78 && output.contains("secrets/team/db3.yaml: the file is neither age nor SOPS"), "{output}");
    let first = checkout.read("secrets/team/db0.yaml");
    assert!(!git(checkout.path(), &["log", "-1", "--format=%s"]).contains("data keys"), "nothing is committed by halves");
    git(checkout.path(), &["checkout", "--quiet", "HEAD", "--", "secrets/team/db3.yaml"]);
    // The last line of the journal is cut, as after a kill.
    let journal = checkout.path().join(".git/daypass-rotate");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, &text[..text.len() - 20]).unwrap();
    let output = checkout.run(&["rotate", "--commit"], "");
    assert!(output.contains("2 files changed, 6 by an earlier try, 0 as they should be\ncommitted as "), "{output}");
    assert_eq!(checkout.read("secrets/team/db0.yaml"), first, "done once");
    assert!(!journal.exists() && git(checkout.path(), &["status", "--porcelain"]).is_empty());
    assert_eq!(git(checkout.path(), &["show", "--format=", "--name-only", "HEAD"]).lines().count(), 8);
    // After another commit the next rotation starts again.
    assert!(checkout.run(&["rotate"], "").contains("8 files changed, 0 as"));
}

#[test]
fn the_hook_lets_no_plaintext_into_a_commit() {
    let checkout = filled();
    let hooked = checkout.run(&["hook", "--install"], "");
    assert!(hooked.contains("pre-commit"));
    // git finds the program in PATH.
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_daypass")).parent().unwrap();
    let commit = |file: &str| {
        git(checkout.path(), &["add", "--", file]);
        let mut command = Command::new("git");
        command.args(["commit", "--quiet", "--message", "x"]).current_dir(checkout.path());
        let output = with_input(command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display())), "");
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    checkout.put("secrets/team/new.yaml", "password: plain\n");
    let (done, printed) = commit("secrets/team/new.yaml");
    assert!(
        !done && printed.contains("secrets/team/new.yaml: it is not encrypted") && printed.contains("secret encrypt --sops"),
        "{printed}"
    );
    // The staged version counts, and not the file in the folder.
    checkout.run(&["encrypt", "--sops", "secrets/team/new.yaml", "-o", "secrets/team/new.yaml"], "");
    let mut command = Command::new("git");
    command.args(["commit", "--message", "x"]).current_dir(checkout.path());
    assert!(!with_input(&mut command, "").status.success());
    let (done, printed) = commit("secrets/team/new.yaml");
    assert!(done, "{printed}");
    checkout.put("notes.md", &std::fs::read_to_string(checkout.path().join("key.txt")).unwrap());
    let (done, printed) = commit("notes.md");
    assert!(
        !done && printed.contains("notes.md: it holds what looks like an age identity") && !printed.contains("AGE-SECRET"),
        "{printed}"
    );
    assert!(checkout.refused(&["hook"], "").0 == 78);
    checkout.put(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n");
    assert!(checkout.refused(&["hook", "--install"], "").1.contains("daypass secret hook || exit 1"), "another's hook stays");
}

/// git runs another hook for merges. A hook whose program is missing refuses every commit.
#[test]
fn the_hook_checks_merges_and_refuses_every_commit_without_its_program() {
    let checkout = filled();
    let command = |bin: &str, arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(checkout.path()).env("PATH", format!("{bin}/usr/local/bin:/usr/bin:/bin"));
        let output = with_input(&mut command, "");
        (output.status.success(), String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap())
    };
    checkout.put(
        ".git/hooks/pre-commit",
        "#!/bin/sh\n# Refuses plaintexts. Made by `daypass secret hook --install`.\nexec daypass secret hook\n",
    );
    let printed = checkout.run(&["hook", "--install"], "");
    assert!(printed.contains("hooks/pre-commit") && printed.contains("hooks/pre-merge-commit"), "{printed}");
    git(checkout.path(), &["checkout", "--quiet", "-b", "side"]);
    checkout.put("secrets/team/new.yaml", "password: hunter2\n");
    git(checkout.path(), &["add", "--all"]);
    let bin = format!("{}:", std::path::Path::new(env!("CARGO_BIN_EXE_daypass")).parent().unwrap().display());
    assert!(command(&bin, &["commit", "--quiet", "--no-verify", "--message", "x"]).0, "as anybody may");
    git(checkout.path(), &["checkout", "--quiet", "main"]);
    let (done, printed) = command(&bin, &["merge", "--no-ff", "--no-edit", "side"]);
    assert!(!done && printed.contains("secrets/team/new.yaml: it is not encrypted") && !printed.contains("hunter2"), "{printed}");
    git(checkout.path(), &["merge", "--abort"]);
    let (done, printed) = command("", &["commit", "--allow-empty", "--message", "x"]);
    assert!(!done && printed.contains("Nothing was committed") && printed.contains("not in git's PATH"), "{printed}");
    let mut install = checkout.command(&["hook", "--install"]);
    let output = with_input(install.env("PATH", "/usr/local/bin:/usr/bin:/bin"), "");
    assert!(
        output.status.success() && String::from_utf8(output.stderr).unwrap().contains("git commits nothing in this checkout")
    );
    // `status` finds in the tree what no hook saw.
    git(checkout.path(), &["merge", "--quiet", "--ff-only", "side"]);
    assert_eq!(with_input(&mut checkout.command(&["status", "--check"]), "").status.code(), Some(78));
}

/// sops would follow such a link, but its target may be in no commit, so nobody reviewed it.
#[test]
fn rules_behind_a_symbolic_link_encrypt_to_nobody() {
    let checkout = filled();
    let (_, stranger) = checkout.another("stranger");
    checkout.put("policies/rules.txt", &format!("creation_rules: [{{ age: \"{},{stranger}\" }}]\n", checkout.recipient));
    let before = checkout.read("secrets/team/db0.yaml");
    for (place, target) in [
        ("secrets/team/.sops.yaml", "../../policies/rules.txt"),
        (".sops.yaml", "policies/rules.txt"),
        (".sops.yaml", "none.txt"),
    ] {
        let link = checkout.path().join(place);
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(target, &link).unwrap();
        for arguments in [
            &["updatekeys", "secrets/team/db0.yaml"][..],
            &["rotate", "secrets/team/db0.yaml"],
            &["encrypt", "--sops", "-o", "secrets/team/new.yaml"],
            &["encrypt", "-o", "secrets/team/new.age"],
            &["set", "secrets/team/whole.age"],
        ] {
            let (status, output) = checkout.refused(arguments, "a: b\n");
            assert!(status == 78 && output.contains(place), "{arguments:?}: {output}");
            assert!(output.contains("a symbolic link is never followed"), "{arguments:?}: {output}");
        }
        assert_eq!(checkout.read("secrets/team/db0.yaml"), before);
        let output = checkout.run(&["status"], "");
        assert!(output.contains("a symbolic link is never followed"), "{output}");
        checkout.put("elsewhere.txt", "x");
        git(checkout.path(), &["add", "elsewhere.txt", place]);
        if place == ".sops.yaml" {
            assert!(checkout.refused(&["hook"], "").1.contains("a symbolic link is never followed"));
        }
        std::fs::remove_file(&link).unwrap();
    }
}
