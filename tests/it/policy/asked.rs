//! Questions about policies beyond a single existing credential: patterns, missing secrets, unsupported formats.

use super::{DEPLOY, commit, daypass, policy, repository};
use serde_json::Value;
use std::path::Path;

fn asked(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = policy(folder, words);
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn who_can_takes_a_pattern() {
    let repository = repository();
    commit(
        repository.path(),
        &[("secrets/prod/db.age", "x"), ("policies/other.yaml", &DEPLOY.replace("[shop/**]", "[shop/b.age]"))],
    );
    let (status, text) = asked(repository.path(), &["who-can", "shop/**"]);
    assert!(status == Some(0) && text.contains("secret shop/a.age can be reached by") && !text.contains("prod/"), "{text}");
    let (status, text) = asked(repository.path(), &["who-can", "prod/*"]);
    assert!(status == Some(77) && text.contains("Nobody can reach secret prod/db.age"), "{text}");
    let (status, text) = asked(repository.path(), &["who-can", "id_token https://partner.*"]);
    assert!(status == Some(0) && text.contains("id_token https://partner.example can be reached by"), "{text}");
    let (status, text) = asked(repository.path(), &["who-can", "nope/**"]);
    assert!(status == Some(64) && text.contains("matches nope/**"), "{text}");
    let (_, text) = asked(repository.path(), &["who-can", "**", "--output", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let grants: Vec<&str> = report["credentials"].as_array().unwrap().iter().map(|one| one["grant"].as_str().unwrap()).collect();
    assert!(
        grants.contains(&"secret shop/a.age") && grants.contains(&"secret prod/db.age") && report["like"] == "**",
        "{report}"
    );
}

#[test]
fn a_secret_is_named_without_its_folder() {
    let (status, text) = asked(repository().path(), &["who-can", "secrets/shop/a.age"]);
    assert!(status == Some(64) && text.contains("a secret is named without `secrets/`: shop/a.age"), "{text}");
}

#[test]
fn explain_says_that_a_secret_does_not_exist() {
    let repository = repository();
    let job = ["explain", "--issuer", "github", "--claim", "repository=acme/shop", "--secret", "shop/nope.age"];
    let (status, text) = asked(repository.path(), &job);
    assert!(status == Some(77) && text.contains("It could not be given anyway: there is no such secret"), "{text}");
    let (status, text) = asked(repository.path(), &[&job[..6], &["shop/a.age"]].concat());
    assert!(status == Some(77) && !text.contains("could not be given"), "{text}");
}

#[test]
fn commands_without_markdown_output_say_so() {
    let output = daypass(repository().path(), &["status", "--config", "issuers.yaml", "--output", "markdown"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(64) && text.contains("`policy diff` and `policy replay`"), "{text}");
}

#[test]
fn exec_without_a_credential_is_refused_without_a_request() {
    for more in [&[][..], &["--dry-run"]] {
        let words = [&["exec", "--server", "https://127.0.0.1:1"], more, &["--", "true"]].concat();
        let output = daypass(repository().path(), &words);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(64) && text.contains("say what the command gets"), "{more:?}: {text}");
    }
}
