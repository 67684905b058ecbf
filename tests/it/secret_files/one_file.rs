//! Commands on one file: encrypt, set, unset, edit.

use super::{Checkout, with_input};
use crate::support::peer;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const DOCUMENT: &str = "# who knows\ndatabase:\n    user: app\n    password: one\nport: 5432\n";

#[test]
fn set_changes_only_its_value_and_the_real_sops_reads_it() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/shop/db.yaml"], DOCUMENT);
    let before = checkout.read("secrets/shop/db.yaml");
    assert!(!before.contains("# who knows") && before.contains(&checkout.recipient));
    let output = checkout.run(&["set", "secrets/shop/db.yaml#/database/password"], "two\n");
    assert_eq!(output, "secrets/shop/db.yaml is changed\n");
    let after = checkout.read("secrets/shop/db.yaml");
    let changed = before.lines().zip(after.lines()).filter(|(old, new)| old != new);
    let changed: Vec<&str> = changed.map(|(old, _)| old.trim_start().split(':').next().unwrap()).collect();
    // `lastmodified` is equal if both happen within one second.
    let changed: Vec<&str> = changed.into_iter().filter(|key| *key != "lastmodified").collect();
    assert_eq!(changed, ["password", "mac"], "{after}");
    checkout.run(&["set", "--json", "secrets/shop/db.yaml#/limits"], "{\"cpu\": 2, \"on\": true}");
    checkout.run(&["unset", "secrets/shop/db.yaml#/port"], "");
    let Some(sops) = peer("sops") else { return };
    let mut decrypt = Command::new(sops);
    decrypt.args(["decrypt", "secrets/shop/db.yaml"]).current_dir(checkout.path());
    let plain = with_input(decrypt.env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt")), "");
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert_eq!(plain, "# who knows\ndatabase:\n    user: app\n    password: two\nlimits:\n    cpu: 2\n    \"on\": true\n");
}

#[test]
fn a_new_key_is_reported_as_added_and_an_empty_value_needs_a_flag() {
    let checkout = Checkout::new();
    let file = "secrets/shop/db.yaml";
    checkout.run(&["encrypt", "--sops", "-o", file], DOCUMENT);
    let output = checkout.run(&["set", "secrets/shop/db.yaml#/pasword"], "two\n");
    assert_eq!(output, "secrets/shop/db.yaml: /pasword is added\n");
    let output = checkout.run(&["set", "secrets/shop/db.yaml#/other", "--output", "json"], "two\n");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&output).unwrap()["added"], "/other");
    let before = checkout.read(file);
    for nothing in ["", "\n"] {
        let (status, output) = checkout.refused(&["set", "secrets/shop/db.yaml#/pasword"], nothing);
        assert!(status == 64 && output.contains("--empty"), "{output}");
        assert_eq!(checkout.read(file), before);
    }
    let output = checkout.run(&["set", "--empty", "secrets/shop/db.yaml#/pasword"], "");
    assert_eq!(output, "secrets/shop/db.yaml is changed\n");
}

#[test]
fn an_age_file_can_be_set_without_its_key() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "-o", "secrets/password.age"], "one");
    let without_keys = |arguments: &[&str], input: &str| {
        let output = with_input(checkout.command(arguments).env_remove("SOPS_AGE_KEY_FILE"), input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    without_keys(&["set", "secrets/password.age"], "two\n");
    without_keys(&["set", "--exact", "secrets/password.age"], "three\n");
    let seen = checkout.path().join("seen");
    let editor = format!("sh -c 'cp \"$1\" \"{}\"' sh", seen.display());
    let edited = with_input(checkout.command(&["edit", "secrets/password.age"]).env("EDITOR", editor), "");
    assert_eq!(String::from_utf8_lossy(&edited.stdout), "secrets/password.age is as it was\n");
    assert_eq!(std::fs::read_to_string(seen).unwrap(), "three\n");
}

#[test]
fn a_sops_file_that_is_one_value_is_set_whole() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/key.pem"], "one\n");
    assert_eq!(checkout.run(&["set", "secrets/key.pem"], "two\n"), "secrets/key.pem is changed\n");
    let (status, output) = checkout.refused(&["set", "secrets/key.pem#/data"], "x");
    assert!(status == 78 && output.contains("leave `#/"), "{output}");
    let (status, output) = checkout.refused(&["set", "--json", "secrets/key.pem"], "1");
    assert!(status == 78 && output.contains("is no JSON"), "{output}");
    let Some(sops) = peer("sops") else { return };
    let mut decrypt = Command::new(sops);
    decrypt.args(["decrypt", "secrets/key.pem"]).current_dir(checkout.path());
    let plain = with_input(decrypt.env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt")), "");
    assert_eq!(String::from_utf8(plain.stdout).unwrap(), "two");
}

#[test]
fn a_document_can_lose_its_only_value_and_get_one_again() {
    let checkout = Checkout::new();
    let forms = [
        ("secrets/a.yaml", "# kept\npassword: one\n", "/password", "# kept\n{}\n"),
        ("secrets/flow.json", "{\n\t\"password\": \"one\"\n}\n", "/password", "{}\n"),
        ("secrets/a.env", "password=one\n", "/password", ""),
        ("secrets/a.ini", "[db]\npassword = one\n", "/db/password", "[db]\n"),
    ];
    let sops = peer("sops");
    for (file, plain, pointer, empty) in forms {
        checkout.run(&["encrypt", "--sops", "-o", file], plain);
        let target = format!("{file}#{pointer}");
        checkout.run(&["unset", &target], "");
        let seen = checkout.path().join("seen");
        let editor = format!("sh -c 'cp \"$1\" \"{}\"' sh", seen.display());
        assert!(with_input(checkout.command(&["edit", file]).env("EDITOR", editor), "").status.success());
        let seen = std::fs::read_to_string(seen).unwrap();
        assert_eq!(seen.split_whitespace().collect::<String>(), empty.split_whitespace().collect::<String>(), "{file}");
        let decrypt = |sops: &std::path::Path| {
            let mut command = Command::new(sops);
            command.args(["decrypt", "--output-type", "json", file]).current_dir(checkout.path());
            let output = with_input(command.env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt")), "");
            assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
        };
        if let Some(sops) = &sops {
            assert!(decrypt(sops).pointer(pointer).is_none(), "{file}");
        }
        checkout.run(&["set", &target], "two");
        if let Some(sops) = &sops {
            assert_eq!(decrypt(sops).pointer(pointer), Some(&"two".into()), "{file}");
        }
    }
}

#[test]
fn each_of_several_documents_can_become_empty_and_get_a_value_again() {
    let checkout = Checkout::new();
    let file = "secrets/several.yaml";
    let read_by_sops = || {
        let mut command = Command::new(peer("sops")?);
        command.args(["decrypt", file]).current_dir(checkout.path());
        let output = with_input(command.env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt")), "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap())
    };
    let seen = checkout.path().join("seen");
    let editor = format!("sh -c 'cp \"$1\" \"{}\"' sh", seen.display());
    let read = || {
        assert!(with_input(checkout.command(&["edit", file]).env("EDITOR", &editor), "").status.success());
        std::fs::read_to_string(&seen).unwrap()
    };
    let plain = "# top\na: one\n---\nb: two\nc: three\n---\nd: |\n    four\n    five\n# end\n";
    let ended = "a: one\n...\n---\nd: two\n...\n";
    let first = "# top\n{}\n---\nb: two\nc: three\n---\nd: |\n    four\n    five\n# end\n";
    // SOPS writes the last comment of an emptied mapping before the braces.
    let last = "# top\na: one\n---\nb: two\nc: three\n---\n{}\n# end\n";
    let by_sops = "# top\na: one\n---\nb: two\nc: three\n---\n# end\n{}\n";
    for (plain, pointer, emptied, by_sops, again) in [
        (plain, "/0/a", first, first, first.replace("{}", "a: new")),
        (plain, "/2/d", last, by_sops, last.replace("{}", "d: new")),
        (ended, "/0/a", "{}\n...\n---\nd: two\n...\n", "{}\n---\nd: two\n", ended.replace("one", "new")),
        (ended, "/1/d", "a: one\n...\n---\n{}\n...\n", "a: one\n---\n{}\n", ended.replace("two", "new")),
    ] {
        checkout.run(&["encrypt", "--sops", "-o", file], plain);
        let target = format!("{file}#{pointer}");
        checkout.run(&["unset", &target], "");
        assert_eq!(read(), emptied, "{pointer}");
        read_by_sops().into_iter().for_each(|read| assert_eq!(read, by_sops, "{pointer}"));
        checkout.run(&["set", &target], "new");
        assert_eq!(read(), again, "{pointer}");
        read_by_sops().into_iter().for_each(|read| assert!(read.contains(": new\n") && !read.contains("{}"), "{read}"));
        std::fs::remove_file(checkout.path().join(file)).unwrap();
    }
}

#[test]
fn an_editor_gets_the_plaintext_in_memory_and_a_bad_result_changes_nothing() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/db.yaml"], DOCUMENT);
    let before = checkout.read("secrets/db.yaml");
    let edit = |editor: &str, file: &str| with_input(checkout.command(&["edit", file]).env("EDITOR", editor), "");
    let notes = checkout.path().join("notes");
    let editor_script = format!(
        "sh -c 'readlink -f \"$1\" >\"{}\"; stat -f -c %T \"$1\" >>\"{0}\"; sed -i s/one/three/ \"$1\"' sh",
        notes.display()
    );
    let output = edit(&editor_script, "secrets/db.yaml");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let notes = std::fs::read_to_string(notes).unwrap();
    let (place, kind) = notes.trim().split_once('\n').unwrap();
    assert!(place.ends_with("/db.yaml") && kind == "tmpfs" && !std::path::Path::new(place).parent().unwrap().exists(), "{notes}");
    let after = checkout.read("secrets/db.yaml");
    let changed = before.lines().zip(after.lines()).filter(|(old, new)| old != new && !old.contains("lastmodified"));
    assert_eq!(changed.count(), 2, "one value and the mac");
    for (editor, expected) in
        [("false", "nothing was changed"), ("sh -c 'echo \"a: [\" >\"$1\"' sh", "nothing was changed"), ("no-such-editor", "127")]
    {
        let output = edit(editor, "secrets/db.yaml");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(expected), "{stderr}");
        assert_eq!(checkout.read("secrets/db.yaml"), after);
    }
    // A missing file is created by its rule, but not if the editor writes nothing.
    assert!(edit("sh -c 'echo a: b >\"$1\"' sh", "secrets/new.yaml").status.success());
    assert!(checkout.read("secrets/new.yaml").contains("ENC["));
    assert!(!edit("true", "secrets/none.yaml").status.success() && !checkout.path().join("secrets/none.yaml").exists());
    let mode = std::fs::metadata(checkout.path().join("secrets/new.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn each_error_says_what_to_do() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/db.yaml"], DOCUMENT);
    checkout.run(&["encrypt", "-o", "secrets/a.age"], "x");
    checkout.put("secrets/plain.yaml", DOCUMENT);
    let (other, _) = checkout.another("other");
    let other = other.to_str().unwrap();
    for (arguments, status, expected) in [
        (&["set", "secrets/none.yaml#/a"][..], 64, "secret edit"),
        (&["set", "secrets/db.yaml#password"], 64, "starts with `/`"),
        (&["set", "secrets/db.yaml"], 78, "FILE#/key"),
        (&["set", "secrets/a.age#/x"], 78, "leave `#/"),
        (&["set", "secrets/plain.yaml#/port"], 78, "not encrypted"),
        (&["unset", "secrets/db.yaml#/none"], 78, "none"),
        (&["set", "--identity", other, "secrets/db.yaml#/port"], 78, "none of this source's age identities"),
        (&["set", "--identity", "none.txt", "secrets/db.yaml#/port"], 78, "none.txt"),
        (&["encrypt", "elsewhere.txt", "-o", "elsewhere.age"], 78, "no rule of .sops.yaml is for"),
    ] {
        let (found, printed) = checkout.refused(arguments, "value");
        assert!(found == status && printed.contains(expected), "{arguments:?}: {found} {printed}");
    }
    let output = with_input(checkout.command(&["set", "secrets/db.yaml#/port"]).env_remove("SOPS_AGE_KEY_FILE"), "1");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(64) && stderr.contains("--identity FILE") && stderr.contains("--server"), "{stderr}");
}
