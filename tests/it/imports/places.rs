//! `policy import` takes octo-sts's files from the places where octo-sts reads them, and tells of every other one.

use super::command::{checkouts, import_checkouts, original, put};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const POLICY: &str = "issuer: https://token.actions.githubusercontent.com\nsubject: repo:evil/x:ref:refs/heads/main\n\
                      permissions: { contents: write }\n";

fn import(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.current_dir(folder).args(["policy", "import"]).args(arguments).output().unwrap()
}

/// The paths of the policies, and what is refused with its reason.
fn outcome(output: &Output) -> (Vec<String>, Vec<(String, String)>) {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("{fault}: {output:?}"));
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let all = |key: &str| report[key].as_array().unwrap().clone();
    let refused: Vec<_> = all("refused").iter().map(|one| (text(one, "original"), text(one, "reason"))).collect();
    assert_eq!(output.status.code(), Some(if refused.is_empty() { 0 } else { 78 }));
    (all("imported").iter().map(|one| text(one, "file")).collect(), refused)
}

const WITH_IDS: [&str; 8] = ["--app", "acme", "--ids", "../repositories.json", "--config", "../issuers.yaml", "--output", "json"];

/// Whoever writes to one repository puts a file there that looks like another repository's, or the account's.
#[test]
fn a_file_within_a_clone_is_no_other_repositorys() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    let planted = [
        "acme/bot/acme/docs/.github/chainguard/ci.sts.yaml",
        "acme/bot/acme/.github/.github/chainguard/all.sts.yaml",
        "acme/bot/.github/chainguard/acme/docs/.github/chainguard/x.sts.yaml",
        "acme/bot/vendor/.github/chainguard/x.sts.yaml",
        "acme/bot/.github/chainguard/shop/ci.sts.yaml",
    ];
    for path in planted {
        put(folder.path(), &format!("checkouts/{path}"), POLICY.as_bytes());
    }
    let (files, refused) = outcome(&import_checkouts(folder.path(), &["--output", "json"]));
    assert_eq!(files, ["policies/acme/bot/ci.yaml", "policies/acme/ci.yaml"]);
    let mut expected: Vec<String> = planted.iter().map(|path| format!("checkouts/{path}")).collect();
    expected.sort();
    let mut originals: Vec<String> = refused.iter().map(|(original, _)| original.clone()).collect();
    originals.sort();
    assert_eq!(originals, expected, "{refused:?}");
    for (original, reason) in &refused {
        assert!(reason.contains("OWNER/REPOSITORY/.github/chainguard/NAME.sts.yaml in checkouts"), "{original}: {reason}");
    }
}

/// The account's folder is a clone, or the named folder is: then OWNER/REPOSITORY below it is a part of a repository.
#[test]
fn a_clone_holds_no_clones_of_others() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    put(folder.path(), "flat/acme/.git/HEAD", b"ref: refs/heads/main\n");
    put(folder.path(), "flat/acme/docs/.github/chainguard/ci.sts.yaml", POLICY.as_bytes());
    put(folder.path(), "flat/acme/.github/.github/chainguard/all.sts.yaml", POLICY.as_bytes());
    let flat = folder.path().join("flat");
    for named in [".", "acme/docs/.github/chainguard/ci.sts.yaml", "acme/docs/.github/chainguard", "acme/docs"] {
        let (files, refused) = outcome(&import(&flat, &[&[named][..], &WITH_IDS].concat()));
        assert!(files.is_empty() && refused.iter().all(|(_, reason)| reason.contains("acme is a clone")), "{named}: {refused:?}");
        assert_eq!(refused.len(), if named == "." { 2 } else { 1 }, "{named}: {refused:?}");
    }
    let within = folder.path().join("flat/acme");
    for named in ["docs/.github/chainguard/ci.sts.yaml", "./docs/.github/chainguard/ci.sts.yaml"] {
        let (files, refused) = outcome(&import(
            &within,
            &[
                &[named][..],
                &WITH_IDS
                    .map(|word| if word.starts_with("../") { "../".to_owned() + word } else { word.to_owned() })
                    .each_ref()
                    .map(String::as_str),
            ]
            .concat(),
        ));
        assert!(files.is_empty() && refused[0].1.contains("is a clone"), "{named}: {refused:?}");
    }
    put(folder.path(), "checkouts/acme/bot/acme/docs/.github/chainguard/ci.sts.yaml", POLICY.as_bytes());
    let checkouts = folder.path().join("checkouts");
    let (files, refused) = outcome(&import(&checkouts, &[&["acme/bot"][..], &WITH_IDS].concat()));
    assert_eq!(files, ["policies/acme/bot/ci.yaml"]);
    assert!(refused[0].1.contains(".github/chainguard/NAME.sts.yaml in acme/bot"), "{refused:?}");
}

/// The first example of `--help`, from within a clone and by each of its folders.
#[test]
fn one_clone_is_imported_from_within() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    let clone = folder.path().join("checkouts/acme/bot");
    std::fs::copy(folder.path().join("repositories.json"), clone.join("../repositories.json")).unwrap();
    std::fs::copy(folder.path().join("issuers.yaml"), clone.join("../issuers.yaml")).unwrap();
    for named in [".github/chainguard", "./.github/chainguard/", ".github", ".", ".github/chainguard/ci.sts.yaml"] {
        let (files, refused) = outcome(&import(&clone, &[named, "--config", "../issuers.yaml", "--output", "json"]));
        assert_eq!((files, refused), (vec!["policies/ci.yaml".to_owned()], Vec::new()), "{named}");
        if named == ".github" {
            let (files, _) = outcome(&import(&clone.join(named), &[".", "--config", "../../issuers.yaml", "--output", "json"]));
            assert_eq!(files, ["policies/ci.yaml"], "its own folder");
        }
        let with_ids = import(&clone, &[&[named][..], &WITH_IDS].concat());
        let report: Value = serde_json::from_slice(&with_ids.stdout).unwrap();
        let notes = report["imported"][0]["notes"].to_string();
        assert!(notes.contains("does not say whose repository it is") && !notes.contains("--ids"), "{named}: {notes}");
    }
}

#[test]
fn what_is_not_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    let at = |path: &str| folder.path().join("checkouts/acme").join(path);
    std::os::unix::fs::symlink("ci.sts.yaml", at("bot/.github/chainguard/linked.sts.yaml")).unwrap();
    std::os::unix::fs::symlink("bot", at("other")).unwrap();
    std::os::unix::fs::symlink("elsewhere", at("bot/README")).unwrap();
    let pipe = at("docs/.github/chainguard/pipe.sts.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    put(folder.path(), "checkouts/acme/shop/.github/chainguard/short.sts.yml", POLICY.as_bytes());
    let (files, refused) = outcome(&import_checkouts(folder.path(), &["--output", "json"]));
    assert_eq!(files, ["policies/acme/bot/ci.yaml", "policies/acme/ci.yaml"]);
    let told: Vec<(&str, bool)> =
        refused.iter().map(|(original, reason)| (original.as_str(), reason.contains("links are not followed"))).collect();
    let expected = [
        ("checkouts/acme/shop/.github/chainguard/short.sts.yml", false),
        ("checkouts/acme/bot/.github/chainguard/linked.sts.yaml", true),
        ("checkouts/acme/docs/.github/chainguard/pipe.sts.yaml", false),
        ("checkouts/acme/other", true),
    ];
    assert_eq!(told, expected, "{refused:?}");
    assert!(refused[0].1.contains("octo-sts reads names that end with `.sts.yaml`"), "{refused:?}");
}

/// A restriction of an export may be in the folder that cannot be read.
#[test]
fn an_export_is_read_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "export/applications/x.json", b"[]");
    std::os::unix::fs::symlink("x.json", folder.path().join("export/applications/y.json")).unwrap();
    // Its path is longer than the system takes, so that root cannot list it either.
    let make = "cd export; name=$(printf '%0250d' 0); for step in $(seq 20); do mkdir $name && cd -P $name; done";
    assert!(Command::new("sh").current_dir(folder.path()).args(["-c", make]).status().unwrap().success());
    let (_, refused) = outcome(&import(folder.path(), &["export", "--output", "json"]));
    let reason = |begins: &str| refused.iter().find(|(original, _)| original.contains(begins)).map(|(_, reason)| reason.as_str());
    assert!(reason("applications/y.json").unwrap().contains("links are not followed"), "{refused:?}");
    assert!(reason("000000").is_some(), "{refused:?}");
}

/// Two originals of one policy: nobody knows which of them counts.
#[test]
fn two_originals_of_one_file_are_both_refused() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    let spelled = original("bot").replace("acme/bot", "Acme/Bot");
    put(folder.path(), &spelled, POLICY.as_bytes());
    for more in [&["--output", "json"][..], &["--output", "json", "--to", "out"]] {
        let (files, refused) = outcome(&import_checkouts(folder.path(), more));
        assert_eq!(files, ["policies/acme/ci.yaml"], "{more:?}");
        assert_eq!(refused.len(), 2, "{refused:?}");
        for ((path, reason), other) in refused.iter().zip([original("bot"), spelled.clone()]) {
            assert!(reason.contains("would be written to") && reason.contains(&other), "{path}: {reason}");
        }
    }
    assert!(!folder.path().join("out/policies/acme/bot").exists());
}

/// octo-sts reads this file of the account before any policy.
#[test]
fn an_issuer_that_the_account_does_not_permit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    let list = "checkouts/acme/.github/.github/chainguard/trusted-token-issuers.yaml";
    put(folder.path(), list, b"issuers: [https://token.actions.githubusercontent.com]\n");
    put(folder.path(), "checkouts/acme/bot/.github/chainguard/gitlab.sts.yaml", b"issuer: https://gitlab.com\nsubject: a\n");
    put(folder.path(), "checkouts/other/bot/.github/chainguard/gitlab.sts.yaml", b"issuer: https://gitlab.com\nsubject: a\n");
    let refused_by = |list: &str, refused: &[(String, String)]| {
        assert!(refused.iter().any(|(_, reason)| reason.contains(list)), "{list}: {refused:?}");
        refused.iter().map(|(original, _)| original.trim_start_matches("checkouts/").to_owned()).collect::<Vec<_>>()
    };
    let (files, refused) = outcome(&import_checkouts(folder.path(), &["--output", "json"]));
    assert_eq!(files, ["policies/acme/bot/ci.yaml", "policies/acme/ci.yaml"]);
    let permitted = "acme/.github/.github/chainguard/trusted-token-issuers.yaml does not permit the issuer https://gitlab.com";
    let gitlab = "acme/bot/.github/chainguard/gitlab.sts.yaml";
    assert!(refused_by(permitted, &refused).contains(&gitlab.to_owned()), "{refused:?}");
    let alone = import(&folder.path().join("checkouts"), &[gitlab, "--output", "json"]);
    assert_eq!(refused_by(permitted, &outcome(&alone).1), [gitlab]);

    // GitHub ignores the case of an account's name.
    put(folder.path(), "checkouts/Acme/site/.github/chainguard/gitlab.sts.yaml", b"issuer: https://gitlab.com\nsubject: a\n");
    let spelled = "Acme/site/.github/chainguard/gitlab.sts.yaml";
    let alone = import(&folder.path().join("checkouts"), &[spelled, "--output", "json"]);
    assert_eq!(refused_by(permitted, &outcome(&alone).1), [spelled]);
    std::fs::remove_dir_all(folder.path().join("checkouts/Acme")).unwrap();
    put(folder.path(), list, b"mode: warn\nissuers: [https://token.actions.githubusercontent.com]\n");
    let (files, refused) = outcome(&import_checkouts(folder.path(), &["--output", "json"]));
    assert!(files.is_empty(), "{files:?}");
    assert_eq!(refused_by("permits is not known: `mode: warn`", &refused).len(), 6, "{refused:?}");
    std::fs::rename(folder.path().join("checkouts/acme/.github"), folder.path().join("checkouts/acme/policies")).unwrap();
    let listed = std::fs::read_to_string(folder.path().join("repositories.json")).unwrap();
    let own = r#"[{"id": 5, "full_name": "acme/.github", "owner": {"login": "acme", "id": 9001}}]"#;
    put(folder.path(), "repositories.json", format!("{own}{listed}").as_bytes());
    let without = import_checkouts(folder.path(), &["--output", "json"]);
    let notes = String::from_utf8_lossy(&without.stdout).matches("acme/.github is not among the checkouts").count();
    let (files, refused) = outcome(&without);
    assert_eq!(notes, files.len(), "{files:?}");
    let told = refused_by("the one that ORG_POLICY_REPO names", &refused);
    assert!(told.contains(&"acme/policies/.github/chainguard/trusted-token-issuers.yaml".to_owned()), "{refused:?}");
}
