//! `daypass secret status`, and what a former recipient could read.

use super::Checkout;
use serde_json::{Value, json};

fn status(checkout: &Checkout, arguments: &[&str]) -> Value {
    let output = checkout.run(&[&["status", "--output", "json"], arguments].concat(), "");
    serde_json::from_str(&output).unwrap()
}

#[test]
fn status_lists_what_is_to_be_done() {
    let checkout = Checkout::new();
    checkout.put("policies/shop/deploy.yaml", "issuer: github\nmatch: { repository: acme/shop@1, event: push }\ngrant: { secrets: [\"shop/db.yaml#/password\", shop/gone.yaml] }\n");
    checkout.put(
        "daypass.yaml",
        "issuers:\n  - { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] }\n",
    );
    checkout.run(&["encrypt", "--sops", "-o", "secrets/shop/db.yaml"], "password: one\n");
    checkout.run(&["encrypt", "-o", "transit/flux/1.age"], &"k".repeat(32));
    let clean = checkout.run(&["status", "--check"], "");
    assert!(clean.starts_with("1 SOPS file, 1 age file\n") && clean.contains("Nothing is to be done."), "{clean}");
    let (_, new) = checkout.another("new");
    checkout.rules(&[&new]);
    let document = format!("password: x\nnote_unencrypted: AKIA{}\n", "IOSFODNN7EXAMPLE");
    checkout.run(&["encrypt", "--sops", "-o", "secrets/shop/aws.yaml"], &document);
    checkout.put("secrets/shop/notes.txt", "hunter2\n");
    checkout.put("secrets/shop/broken.yaml", "a: b\nsops:\n  age: [\n");
    let found = status(&checkout, &["--policies-config", "daypass.yaml"]);
    let files = |list: &Value| list.as_array().unwrap().iter().map(|one| one["file"].clone()).collect::<Vec<_>>();
    assert_eq!(files(&found["stale"]), [json!("secrets/shop/db.yaml")]);
    assert_eq!(found["not_encrypted"], json!(["secrets/shop/notes.txt"]));
    assert_eq!(files(&found["damaged"]), [json!("secrets/shop/broken.yaml")]);
    assert_eq!(
        found["readable"],
        json!([{ "file": "secrets/shop/aws.yaml", "why": "/note_unencrypted looks like an AWS access key" }])
    );
    assert_eq!(
        found["granted_to_nobody"],
        json!(["secrets/shop/aws.yaml", "secrets/shop/broken.yaml", "secrets/shop/notes.txt"])
    );
    assert_eq!(found["granted_and_not_there"], json!([{ "at": "policies/shop/deploy.yaml:3", "documents": "shop/gone.yaml" }]));
    assert_eq!(found["recipients"][&checkout.recipient], json!(["secrets/shop/db.yaml"]));
    let output = super::with_input(&mut checkout.command(&["status", "--check"]), "");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(
        stdout.contains("(`daypass secret updatekeys`)\n  secrets/shop/db.yaml: has age1") && stdout.contains(", lacks age1"),
        "{stdout}"
    );
}

/// Neither the commands nor a server read these folders, and somebody may believe the opposite.
#[test]
fn folders_that_nothing_reads_are_listed() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/shop/db.yaml"], "password: one\n");
    checkout.put("secrets/.gitkeep", "");
    checkout.run(&["status", "--check"], "");
    for (place, expected) in
        [("Secrets/db.yaml", "Secrets/"), ("secret/db.yaml", "secret/"), ("secrets/.old/db.yaml", "secrets/.old")]
    {
        checkout.put(place, "password: one\n");
        let output = super::with_input(&mut checkout.command(&["status", "--check"]), "");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.code() == Some(78) && stdout.contains("Not looked at") && stdout.contains(expected),
            "{place}: {stdout}"
        );
        assert_eq!(status(&checkout, &[])["not_looked_at"][0]["file"], expected);
        std::fs::remove_dir_all(checkout.path().join(place).parent().unwrap()).unwrap();
    }
}

/// Both apply the same rule to plain files, and to folders with similar names.
#[test]
fn the_hook_and_status_allow_and_refuse_the_same_readable_files() {
    let checkout = Checkout::new();
    let both = |place: &str, text: &str, refused: bool| {
        checkout.put(place, text);
        crate::support::git(checkout.path(), &["add", "--all"]);
        for arguments in [&["hook"][..], &["status", "--check"]] {
            let output = super::with_input(&mut checkout.command(arguments), "");
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8_lossy(&printed).into_owned();
            assert_eq!(output.status.code(), Some(if refused { 78 } else { 0 }), "{place} {arguments:?}: {printed}");
            assert!(!printed.contains("hunter2"), "{printed}");
        }
        std::fs::remove_file(checkout.path().join(place)).unwrap();
        let folder = checkout.path().join(place);
        let _ = std::fs::remove_dir(folder.parent().unwrap());
    };
    let rules = format!("creation_rules:\n  - age: {}\n", checkout.recipient);
    both("secrets/.sops.yaml", &rules, false);
    both("secrets/shop/.gitkeep", "", false);
    both("transit/.gitkeep", "", false);
    both("secrets/.gitignore", "*.tmp\n", false);
    both("secrets/.gitattributes", "*.age -diff\n", false);
    both("secrets/.gitkeep", "password: hunter2\n", true);
    both("secrets/.gitother", "password: hunter2\n", true);
    both("secret/db.yaml", "password: hunter2\n", true);
    both("Secrets/db.yaml", "password: hunter2\n", true);
}

#[test]
fn a_file_for_pgp_alone_is_listed_because_no_server_opens_it() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/shop/db.yaml"], "password: one\n");
    let sops = checkout.read("secrets/shop/db.yaml");
    let start = sops.find("    age:").unwrap();
    let end = start + sops[start..].find("    lastmodified").unwrap();
    let pgp = "    pgp:\n        - created_at: \"2027-01-15T08:00:00Z\"\n          enc: x\n          fp: 0123456789ABCDEF0123456789ABCDEF01234567\n";
    checkout.put("secrets/shop/db.yaml", &format!("{}{pgp}{}", &sops[..start], &sops[end..]));
    std::fs::remove_file(checkout.path().join(".sops.yaml")).unwrap();
    let output = super::with_input(&mut checkout.command(&["status", "--check"]), "");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(78), "{stdout}");
    assert!(stdout.contains("secrets/shop/db.yaml: only to pgp") && !stdout.contains("Nothing is to be done"), "{stdout}");
    assert_eq!(status(&checkout, &[])["no_age_recipient"][0]["file"], "secrets/shop/db.yaml");
}

#[test]
fn a_former_recipient_knows_what_has_not_changed_since() {
    let checkout = Checkout::new();
    let (_, left) = checkout.another("left");
    let own = checkout.recipient.clone();
    checkout.rules(&[&own, &left]);
    for name in ["a", "b", "c"] {
        checkout.run(&["encrypt", "--sops", "-o", &format!("secrets/{name}.yaml")], "password: one\nkey: two\nlist: [x, y]\n");
    }
    checkout.run(&["encrypt", "-o", "secrets/whole.age"], "x");
    let then = checkout.commit();
    checkout.rules(&[&own]);
    checkout.run(&["updatekeys", "secrets/a.yaml"], "");
    let later = checkout.commit();
    checkout.run(&["rotate", "secrets/b.yaml"], "");
    checkout.run(&["set", "secrets/b.yaml#/password"], "three");
    checkout.commit();
    checkout.run(&["set", "secrets/a.yaml#/key"], "four");
    checkout.commit();
    let found = status(&checkout, &["--recipient", &left]);
    assert_eq!((&found["opens_today"], &found["age_files_not_known"]), (&json!(["secrets/c.yaml"]), &json!(1)));
    let once = |file: &str, at: &str, unchanged: &[&str]| json!({ "file": file, "last_opened_at": at, "is": "sops", "unchanged": unchanged, "values_compared": true });
    // After a new data key the values are still the old ones.
    assert_eq!(
        found["opened_once"],
        json!([once("secrets/a.yaml", &then, &["/list", "/password"]), once("secrets/b.yaml", &later, &["/key", "/list"])])
    );
    let mut without = checkout.command(&["status", "--recipient", &left]);
    let stdout = String::from_utf8(super::with_input(without.env_remove("SOPS_AGE_KEY_FILE"), "").stdout).unwrap();
    assert!(stdout.contains("secrets/c.yaml: opens today\nsecrets/a.yaml: has values that the recipient could open"), "{stdout}");
    assert!(stdout.contains("secrets/b.yaml: encrypted again since") && stdout.contains("--identity"), "{stdout}");
    let (_, other) = checkout.another("other");
    let nobody = status(&checkout, &["--recipient", &other]);
    assert_eq!((&nobody["opens_today"], &nobody["opened_once"]), (&json!([]), &json!([])));
}
