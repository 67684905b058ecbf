//! A file at another path than the one that it was encrypted for: nobody binds it there who did not name it.

use super::{Checkout, with_input};
use crate::support::git;
use daypass::secrets::{Identities, RepositoryPath, check};
use daypass::words::Secret;

/// Whether a server opens the file where it lies.
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

/// From a folder below the root one names files by `..`.
#[test]
fn a_path_is_the_same_by_whichever_way_it_is_named() {
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
