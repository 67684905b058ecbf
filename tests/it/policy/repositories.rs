//! Tokens of GitHub Apps in `policy diff`, `policy explain` and `policy who-can`.

use super::{ISSUERS, commit, policy};
use crate::support::git;
use std::path::Path;

const CLAIMS: &str = r#"{"repository": "acme/shop", "repository_id": "456789", "repository_owner": "acme", "repository_owner_id": "9001", "ref": "refs/heads/main", "ref_protected": "true", "event_name": "push"}"#;

fn bot(repositories: &str) -> String {
    format!(
        "owners: [team-shop]\nissuer: github\nmatch: {{ owner: acme@9001, event: push }}\ngrant: {{ github: {{ app: acme, repositories: {repositories}, permissions: {{ contents: write }} }} }}\n"
    )
}

fn rails(denied: &str) -> String {
    format!("denials: [ {{ description: No bot., match: {{ event: push }}, deny: {{ github: [{denied}] }} }} ]\n")
}

fn repository(repositories: &str, denied: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    let (bot, rails) = (bot(repositories), rails(denied));
    let files =
        [("policies/bot.yaml", bot.as_str()), ("guardrails.yaml", &rails), ("issuers.yaml", ISSUERS), ("push.json", CLAIMS)];
    commit(folder.path(), &files);
    git(folder.path(), &["checkout", "--quiet", "-b", "change"]);
    folder
}

fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = policy(folder, words);
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_diff_lists_who_gains_by_a_removed_denial() {
    for (repositories, gained, who) in [
        ("[\"{repository}\"]", "github acme own contents=write", "acme/secret*"),
        ("{ all: acme }", "github acme acme/secreta contents=write", "acme@9001"),
        ("[acme/pay@1, acme/secret@2]", "github acme acme/secret contents=write", "acme@9001"),
    ] {
        let repository = repository(repositories, "acme/secret*, acme/pay");
        commit(repository.path(), &[("guardrails.yaml", &rails("acme/pay"))]);
        let (status, output) = run(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
        assert_eq!(status, Some(2), "{repositories}: {output}");
        assert!(output.contains("WIDENS") && output.contains(gained) && output.contains(who), "{repositories}: {output}");
        let (status, output) = run(repository.path(), &["diff", "change..main", "--fail-on", "widen"]);
        assert!(status == Some(0) && output.contains("NARROWS") && output.contains(gained), "{repositories}: {output}");
    }
}

#[test]
fn a_token_is_named_as_a_job_would_request_it() {
    let repository = repository("[\"{repository}\", acme/docs@7]", "acme/secret*");
    let explain = |what: &[&str]| {
        run(repository.path(), &[&["explain", "--issuer", "github", "--claims", "push.json", "--github"], what].concat())
    };
    for good in [&["acme/shop contents=read"][..], &["acme/docs metadata=read"], &["acme/docs acme/shop"], &[]] {
        let (status, output) = explain(good);
        assert!(status == Some(0) && output.starts_with("ALLOWED"), "{good:?}: {output}");
    }
    let (status, output) = explain(&["acme/other contents=read"]);
    assert!(status == Some(77) && output.starts_with("DENIED"), "{output}");
    let as_secret = ["acme/secret-1 contents=read", "--claim", "repository=acme/secret-1"];
    let (status, output) = explain(&as_secret);
    assert!(status == Some(77) && output.contains("guardrails.yaml:1"), "{output}");
    let (status, output) = explain(&["own contents=read"]);
    assert!(status == Some(64) && output.contains("name the repository, such as `acme/shop contents=read`"), "{output}");
    for (requested, expected) in [
        ("acme/shop metadata=read", Some(0)),
        ("acme/docs contents=write", Some(0)),
        ("acme/secret-1 contents=read", Some(77)),
        ("own contents=read", Some(64)),
        ("contents=read", Some(64)),
    ] {
        let (status, output) = run(repository.path(), &["who-can", requested]);
        assert_eq!(status, expected, "{requested}: {output}");
        assert!(status != Some(64) || output.contains("name the repository"), "{output}");
    }
}
