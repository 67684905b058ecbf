//! A set of policies that uses an older index again decides as one that is indexed anew.

use super::tests::{DEPLOY, aws, catalogue, github};
use super::*;
use crate::policy::{Ruleset, Tree};
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn a_set_that_follows_another_decides_as_one_made_anew() {
    let policy = |repository: usize, branch: &str| {
        DEPLOY
            .replace("acme/shop@456789", &format!("acme/shop@{repository}"))
            .replace("refs/heads/main", &format!("refs/heads/{branch}"))
    };
    let mut files: BTreeMap<String, String> =
        (0..30).map(|number| (format!("policies/p{number:02}.yaml"), policy(number, "main"))).collect();
    let as_tree = |files: &BTreeMap<String, String>| -> Tree {
        files.iter().map(|(file, text)| (file.clone(), Arc::from(text.as_bytes()))).collect()
    };
    let mut followed = Ruleset::load(&as_tree(&files), &catalogue(), None).0;
    followed.set();
    for turn in 0..12 {
        match turn % 4 {
            0 => _ = files.insert(format!("policies/p{turn:02}.yaml"), policy(turn, "release")),
            1 => _ = files.insert(format!("policies/a{turn:02}.yaml"), policy(100 + turn, "main")),
            2 => _ = files.remove(&format!("policies/p{turn:02}.yaml")),
            _ => _ = files.insert(format!("policies/p{:02}.yaml", turn - 3), policy(turn - 3, "main")),
        }
        followed = Ruleset::load(&as_tree(&files), &catalogue(), Some(&followed)).0;
        let anew = Ruleset::load(&as_tree(&files), &catalogue(), None).0;
        let names = |ruleset: &Ruleset| ruleset.set().policies().iter().map(|policy| policy.file.clone()).collect::<Vec<_>>();
        assert_eq!(names(&followed), names(&anew));
        for (repository, branch) in (0..120).flat_map(|repository| [(repository, "main"), (repository, "release")]) {
            let facts = github(json!({"repository_id": repository.to_string(), "ref": format!("refs/heads/{branch}"),
                "sub": format!("repo:acme/shop:ref:refs/heads/{branch}")}));
            let decided = |ruleset: &Ruleset| ruleset.set().would_grant(&facts, &aws(), None, UnixTime::from_seconds(0)).ok();
            assert_eq!(decided(&followed), decided(&anew), "turn {turn}: {repository} {branch}");
        }
    }
}
