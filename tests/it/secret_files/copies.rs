//! A file at another path than the one that it was encrypted for. Only a command that names the file binds it there.

use super::{Checkout, with_input};
use crate::support::git;
use daypass::secrets::{Identities, RepositoryPath, check};
use daypass::words::Secret;

/// Whether a server opens the file at its path.
fn opens(checkout: &Checkout, name: &str) -> bool {
    let key = Secret::new(std::fs::read(checkout.path().join("key.txt")).unwrap());
    let bytes = std::fs::read(checkout.path().join(name)).unwrap();
    check(&RepositoryPath::parse(name).unwrap(), &bytes, &Identities::parse(&key).unwrap()).is_ok()
}

fn copied() -> Checkout {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/prod/db.yaml"], "password: one\n");
    checkout.run(&["encrypt", "-o", "secrets/prod/whole.age"], "whole");
    for (old, new) in [("prod/db.yaml", "team/own.yaml"), ("prod/whole.age", "team/own.age")] {
        checkout.put(&format!("secrets/{new}"), &checkout.read(&format!("secrets/{old}")));
    }
    checkout.commit();
    checkout
}

#[test]
fn a_copy_is_bound_to_its_new_path_only_if_it_is_named() {
    for how in ["updatekeys", "rotate"] {
        let checkout = copied();
        let copies = [("secrets/team/own.yaml", "secrets/prod/db.yaml"), ("secrets/team/own.age", "secrets/prod/whole.age")];
        for below in [&[][..], &["secrets"], &["secrets/team", "secrets/prod/db.yaml"]] {
            let (status, output) = checkout.refused(&[&[how, "--commit"], below].concat(), "");
            for (copy, original) in copies {
                let fault = format!(
                    "{copy}: is bound to {original}: it was copied or moved; name the file on the command line to bind it to its new path"
                );
                assert!(status == 78 && output.contains(&fault), "{how} {below:?}: {output}");
                assert!(!opens(&checkout, copy), "{how} {below:?}");
            }
            assert_eq!(git(checkout.path(), &["rev-list", "--count", "HEAD"]), "1", "{how} {below:?}");
        }
        // A file that is named is moved, and listed with its old path.
        let output = checkout.run(&[how, "secrets/team/own.yaml", "secrets/team/own.age"], "");
        for (copy, original) in copies {
            let line =
                output.lines().find(|line| line.starts_with(&format!("{copy}: "))).unwrap_or_else(|| panic!("{how}: {output}"));
            assert!(line.contains(&format!("was bound to {original}")), "{how}: {line}");
            assert!(opens(&checkout, copy), "{how}");
        }
    }
}

/// Outside of the folders of encrypted files nothing is bound, so a copy there could be put anywhere.
#[test]
fn a_copy_elsewhere_is_unbound_only_if_it_is_named() {
    let checkout = copied();
    checkout.put("old/db.yaml", &checkout.read("secrets/prod/db.yaml"));
    let before = checkout.read("old/db.yaml");
    let (status, output) = checkout.refused(&["rotate", "-r", &checkout.recipient, "old"], "");
    assert!(status == 78 && output.contains("old/db.yaml: is bound to secrets/prod/db.yaml"), "{output}");
    assert_eq!(checkout.read("old/db.yaml"), before);
}

#[test]
fn every_changed_file_is_listed_also_an_unbound_one() {
    let checkout = copied();
    git(checkout.path(), &["rm", "--quiet", "-r", "secrets/team"]);
    checkout.put("plain.yaml", "password: two\n");
    let free = checkout.run(&["encrypt", "--sops", "-r", &checkout.recipient, "plain.yaml"], "");
    checkout.put("secrets/team/free.yaml", &free);
    let output = checkout.run(&["updatekeys"], "");
    assert!(!output.contains("free.yaml") && output.contains("1 file changed, 2 as they should be"), "{output}");
    let output = checkout.run(&["rotate"], "");
    let listed = |name: &str, change: &str| output.lines().any(|line| line == format!("{name}: {change}"));
    assert!(listed("secrets/prod/db.yaml", "gets a new data key"), "{output}");
    assert!(listed("secrets/team/free.yaml", "gets a new data key, was bound to no path, is bound to this one"), "{output}");
    assert!(output.contains("3 files changed"), "{output}");
}

/// In a folder below the root, paths may begin with `..`.
#[test]
fn every_spelling_of_a_path_names_the_same_file() {
    let checkout = copied();
    git(checkout.path(), &["rm", "--quiet", "secrets/team/own.age"]);
    let (_, stranger) = checkout.another("stranger");
    checkout.put("secrets/team/.sops.yaml", &format!("creation_rules: [ {{ age: {stranger} }} ]\n"));
    let team = checkout.path().join("secrets/team");
    for arguments in
        [&["rotate", "../prod/db.yaml"][..], &["encrypt", "--sops", "-o", "../prod/new.yaml"], &["set", "../prod/whole.age"]]
    {
        let output = with_input(checkout.command(arguments).current_dir(&team), "a: b\n");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for name in ["secrets/prod/db.yaml", "secrets/prod/new.yaml", "secrets/prod/whole.age"] {
        assert!(opens(&checkout, name), "{name}");
        assert!(!checkout.read(name).contains(&stranger), "{name}");
        checkout.put(&name.replace("prod", "team"), &checkout.read(name));
        assert!(!opens(&checkout, &name.replace("prod", "team")), "{name} is bound to its path");
    }
}

#[test]
fn no_file_outside_of_the_checkout_is_changed_through_a_link() {
    let (checkout, outside) = (copied(), tempfile::tempdir().unwrap());
    let (_, new) = checkout.another("new");
    let file = outside.path().join("o.yaml");
    std::fs::write(&file, checkout.read("secrets/prod/db.yaml")).unwrap();
    let before = std::fs::read(&file).unwrap();
    std::os::unix::fs::symlink(outside.path(), checkout.path().join("secrets/link")).unwrap();
    std::os::unix::fs::symlink(&file, checkout.path().join("secrets/l.yaml")).unwrap();
    let up = format!("secrets/../../{}/o.yaml", outside.path().file_name().unwrap().to_str().unwrap());
    for (named, why) in [
        ("secrets/link/o.yaml", "secrets/link: a symbolic link is never followed"),
        ("secrets/link", "secrets/link: a symbolic link is never followed"),
        ("secrets/l.yaml", "secrets/l.yaml: a symbolic link is never followed"),
        (up.as_str(), "is in no git checkout"),
    ] {
        for how in ["updatekeys", "rotate"] {
            let (_, output) = checkout.refused(&[how, "-r", &checkout.recipient, "-r", &new, named], "");
            assert!(output.contains(why), "{how} {named}: {output}");
            assert_eq!(std::fs::read(&file).unwrap(), before, "{how} {named}");
        }
    }
}
