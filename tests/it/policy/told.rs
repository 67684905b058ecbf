//! What the commands report about their input, and questions that they refuse.

use super::{commit, daypass, policy, repository};
use crate::support::{DEPLOY, git, put};
use serde_json::{Value, json};
use std::path::Path;

fn text(folder: &Path, words: &[&str]) -> String {
    String::from_utf8_lossy(&policy(folder, words).stdout).into_owned()
}

/// Otherwise nobody would notice that another checkout was checked.
#[test]
fn check_and_test_name_the_revision_that_they_read() {
    let repository = repository();
    let (path, head) = (repository.path(), git(repository.path(), &["rev-parse", "HEAD"]));
    let at = std::path::absolute(path).unwrap().display().to_string();
    for word in ["check", "test"] {
        let output = text(path, &[word]);
        assert!(output.ends_with(&format!("Looked at: {at} HEAD ({head})\n")), "{output}");
        let report: Value = serde_json::from_slice(&policy(path, &[word, "--output", "json"]).stdout).unwrap();
        assert_eq!(report["looked_at"], json!({ "repository": at, "name": "HEAD", "commit": head }), "{report}");
        let folder = daypass(path, &["policy", word, "--config", "issuers.yaml", "--folder", "."]);
        let stdout = String::from_utf8_lossy(&folder.stdout).into_owned();
        assert!(stdout.ends_with("Looked at: . as it stands\n"), "{stdout}");
    }
    let sarif: Value = serde_json::from_slice(&policy(path, &["check", "--format", "sarif"]).stdout).unwrap();
    assert_eq!(sarif["runs"][0]["properties"]["looked_at"]["commit"], json!(head), "{sarif}");
}

/// Nothing of its content is read, so nothing is said of it.
#[test]
fn a_file_that_is_left_out_has_one_fault() {
    let repository = repository();
    let large = format!("# {}\n", "x".repeat(1024 * 1024));
    commit(repository.path(), &[("policies/shop/large.yaml", &large), ("rails.txt", "denials: []\n")]);
    std::os::unix::fs::symlink("rails.txt", repository.path().join("guardrails.yaml")).unwrap();
    commit(repository.path(), &[]);
    for words in [&["check"][..], &["diff", "HEAD~1..HEAD"], &["who-can", "shop/a.age"]] {
        let output = policy(repository.path(), words);
        let printed = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
        for (file, why) in
            [("guardrails.yaml", "a symbolic link is never followed"), ("policies/shop/large.yaml", "larger than 1 MiB")]
        {
            assert_eq!(printed.matches(&format!("{file}:1")).count(), 1, "{words:?}: {printed}");
            assert!(printed.contains(why) && !printed.contains("u{0}"), "{words:?}: {printed}");
        }
    }
}

fn explain(folder: &Path, claims: &Value, more: &[&str]) -> (Option<i32>, String, Value) {
    put(&folder.join("claims.json"), claims.to_string().as_bytes());
    let question = ["explain", "--issuer", "github", "--claims", "claims.json", "--id-token", "https://partner.example"];
    let question = [&question[..], more].concat();
    let output = policy(folder, &question);
    let printed = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    let json = policy(folder, &[&question[..], &["--output", "json"]].concat());
    (output.status.code(), printed, serde_json::from_slice(&json.stdout).unwrap_or_default())
}

fn push() -> Value {
    json!({ "repository": "acme/shop", "repository_id": "456789", "ref": "refs/heads/main", "event_name": "push" })
}

/// The server refuses such a token before it reads any policy.
#[test]
fn a_token_for_another_server_is_not_explained_as_allowed() {
    let repository = repository();
    let (issuer, audience) = ("https://token.actions.githubusercontent.com", "https://daypass.example");
    let with = |iss: Value, aud: Value| {
        let mut claims = push();
        (claims["iss"], claims["aud"]) = (iss, aud);
        claims
    };
    for good in [push(), with(json!(issuer), json!(audience)), with(json!(issuer), json!([audience]))] {
        let (status, printed, report) = explain(repository.path(), &good, &[]);
        assert_eq!((status, &report["token_refused"]), (Some(0), &Value::Null), "{printed}");
    }
    for (claims, code) in [
        (with(json!("https://evil.example"), json!(audience)), "unknown_issuer"),
        (with(json!(issuer), json!("sts.amazonaws.com")), "audience_mismatch"),
        (with(json!(issuer), json!([audience, "https://other.example"])), "audience_mismatch"),
    ] {
        let (status, printed, report) = explain(repository.path(), &claims, &[]);
        assert!(status == Some(77) && printed.starts_with("REFUSED"), "{printed}");
        assert!(printed.contains(&format!("`{code}`")) && printed.contains("before it looks at any policy"), "{printed}");
        assert_eq!((&report["token_refused"]["code"], &report["allowed_by"]), (&json!(code), &Value::Null), "{report}");
    }
    let (_, printed, _) = explain(repository.path(), &push(), &["--claim", "aud=sts.amazonaws.com"]);
    assert!(printed.contains("`audience_mismatch`"), "{printed}");
}

/// A misspelt claim changes nothing, but the answer would seem to take it into account.
#[test]
fn explain_reports_claims_that_the_issuer_does_not_know() {
    let repository = repository();
    let ask = |claim: &str| explain(repository.path(), &push(), &["--claim", claim]);
    let (status, printed, _) = ask("repositry=acme/other");
    assert!(status == Some(64) && printed.contains("did you mean `repository`?"), "{printed}");
    let (status, printed, _) = ask("event=pull_request");
    assert!(status == Some(64) && printed.contains("`event` is an attribute: the claim is `event_name`"), "{printed}");
    let (status, printed, report) = ask("customer=7");
    assert!(
        status == Some(0) && printed.contains("no token of the mapping github-actions is documented to claim `customer`"),
        "{printed}"
    );
    assert_eq!(report["claims_not_documented"], json!(["customer"]), "{report}");
    assert_eq!(ask("enterprise=acme").2["claims_not_documented"], json!([]));
}

/// A job's clone has one commit, and Git's own error does not say what to do.
#[test]
fn a_shallow_clone_is_told_to_fetch_its_history() {
    let repository = repository();
    for text in ["x", "y", "z"] {
        commit(repository.path(), &[("policies/other.yaml", &format!("description: {text}\n{DEPLOY}"))]);
    }
    let clone = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.path().display());
    git(clone.path(), &["clone", "--quiet", "--depth", "1", "--no-single-branch", &from, "."]);
    for range in ["origin/main...HEAD", "HEAD~2..HEAD"] {
        let output = policy(clone.path(), &["diff", range]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{stderr}");
        assert!(stderr.contains("this clone is shallow") && stderr.contains("git fetch --unshallow"), "{range}: {stderr}");
    }
}

/// A faulty policy grants nothing. With faulty guardrails it is unknown what they deny, so no permission increases.
#[test]
fn faulty_guardrails_make_the_answer_unknown() {
    let repository = repository();
    commit(repository.path(), &[("guardrails.yaml", "denials: {\n")]);
    let expected = "the guardrails cannot be read, so no policy decides here; a server keeps what it had, and nothing widens";
    for words in [["who-can", "https://partner.example"], ["check", "--output=text"]] {
        let output = text(repository.path(), &words);
        assert!(output.contains(expected), "{words:?}: {output}");
    }
    let (status, output, json) = explain(repository.path(), &push(), &[]);
    assert!(output.contains(expected) && output.contains("Nobody can tell"), "{output}");
    assert_eq!(status, Some(78), "an answer of nobody would be read as closed");
    let who = policy(repository.path(), &["who-can", "https://partner.example"]);
    let stdout = String::from_utf8_lossy(&who.stdout).into_owned();
    assert!(
        who.status.code() == Some(78) && stdout.contains("Nobody can tell") && !stdout.contains("Nobody can reach"),
        "{stdout}"
    );
    assert_eq!(json["guardrails_unreadable"], true, "{json}");
}

/// If the explanation said that the claim is missing, its reader would look for the fault in the wrong place.
#[test]
fn an_unreadable_claim_is_not_reported_as_missing() {
    let repository = repository();
    let with = |event: Value| {
        let mut claims = push();
        claims["event_name"] = event;
        explain(repository.path(), &claims, &[])
    };
    let unread = "what cannot be read: the token claims it in a form that its issuer's mapping does not know";
    for event in [json!("issues"), json!(7)] {
        let (status, printed, report) = with(event);
        assert!(status == Some(77) && printed.contains(&format!("saw {unread}")), "{printed}");
        assert_eq!(report["near_misses"][0]["lines"][0]["saw"], unread, "{report}");
    }
    let (_, printed, report) = with(Value::Null);
    assert!(printed.contains("saw nothing: the token does not claim it"), "{printed}");
    assert_eq!(report["near_misses"][0]["lines"][0]["saw"], Value::Null, "{report}");
}

/// Otherwise the answer would be about claims that no token of that issuer has.
#[test]
fn explain_refuses_another_issuer_than_that_of_the_saved_claims() {
    let repository = repository();
    let saved = |issuer: &str| explain(repository.path(), &json!({ "issuer": issuer, "claims": push() }), &[]);
    assert_eq!(saved("github").0, Some(0));
    let (status, printed, _) = saved("gitlab");
    let why = "the claims are those of the issuer `gitlab`, and --issuer names `github`: leave it out";
    assert!(status == Some(64) && printed.contains(why), "{printed}");
}

/// An error that names no next step sends a newcomer to the source.
#[test]
fn a_command_that_finds_nothing_says_what_to_do_next() {
    let repository = repository();
    let (folder, empty) = (repository.path(), tempfile::tempdir().unwrap());
    let empty = empty.path().to_str().unwrap();
    for (words, status, expected) in [
        (
            &["policy", "import", "x", "--config", "none.yaml"][..],
            78,
            "--config or DAYPASS_CONFIG names the server's configuration",
        ),
        (&["status", "--config", "issuers.yaml"], 78, "This command needs the server's whole configuration"),
        (
            &["policy", "check", "--config", "issuers.yaml", "--folder", "none"],
            64,
            "--folder names the folder that holds policies/",
        ),
        (&["policy", "check", "--config", "issuers.yaml", "--repository", empty], 78, "--repository names a checkout"),
        (&["policy", "lock", "--config", "issuers.yaml", "--folder", ".", "--data", empty], 78, "its configuration calls `data`"),
        (
            &["policy", "replay", "HEAD", "--config", "issuers.yaml", "--repository", ".", "--data", empty],
            78,
            "leave --data out and name the server by --server",
        ),
        (&["policy", "who-can", "nonsense", "--config", "issuers.yaml", "--folder", "."], 64, "has an example of each kind"),
        (&["policy", "what-can", "--config", "issuers.yaml", "--folder", "."], 64, "daypass whoami --output json"),
        (&["policy", "import", empty, "--config", "issuers.yaml"], 0, "looks like a policy that can be imported"),
        (&["secret", "status", empty], 64, "go to the clone of the repository that has secrets/"),
    ] {
        let output = daypass(folder, words);
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(status) && printed.contains(expected), "{words:?}: {:?} {printed}", output.status);
    }
}
