//! `daypass policy`, as an operator and the job of a pull request run it.

use crate::support::{DEPLOY, git};
use daypass::secrets::{Identities, encrypt_document};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

mod asked;
mod elsewhere;
mod expected;
mod failing;
mod gains;
mod impossible;
mod providers;
mod repositories;
mod sources;
mod told;
mod what_can;

const ISSUERS: &str = "issuers: [ { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] } ]\n";

fn commit(repository: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = repository.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    git(repository, &["add", "--all"]);
    git(repository, &["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false", "commit", "-qm", "x"]);
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    commit(folder.path(), &[("policies/shop/deploy.yaml", DEPLOY), ("secrets/shop/a.age", "x"), ("issuers.yaml", ISSUERS)]);
    git(folder.path(), &["checkout", "--quiet", "-b", "change"]);
    folder
}

fn policy(folder: &Path, arguments: &[&str]) -> Output {
    daypass(folder, &[&["policy"], arguments, &["--config", "issuers.yaml", "--repository", "."]].concat())
}

fn daypass(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_daypass")).current_dir(folder).args(arguments).output().unwrap()
}

#[test]
fn a_diff_lists_who_gains_access() {
    let repository = repository();
    let same = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
    let at = |name: &str| git(repository.path(), &["rev-parse", name]);
    let path = std::path::absolute(repository.path()).unwrap().display().to_string();
    let same_text = String::from_utf8_lossy(&same.stdout).into_owned();
    assert_eq!(
        (same.status.code(), same_text.as_str()),
        (
            Some(0),
            format!(
                "Compared: {path} main ({})\n    with: {path} change ({})\nBoth have the same files: --repository names the checkout that has the change.\nNobody gains access, nobody loses it, and nobody has it on other terms.\n",
                at("main"),
                at("change")
            )
            .as_str()
        )
    );
    let wider = DEPLOY.replace("refs/heads/main", "refs/heads/**").replace("event: push", "event: [push, manual]");
    commit(repository.path(), &[("policies/shop/deploy.yaml", &wider), ("policies/broken.yaml", "issuer: [github")]);
    let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    for expected in ["WIDENS", "id_token https://partner.example", "refs/heads/a", "policies/broken.yaml"] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    let comment = policy(repository.path(), &["diff", "main...change", "--output", "markdown"]);
    assert!(String::from_utf8_lossy(&comment.stdout).starts_with("```\nCompared: "));
    let back: Value =
        serde_json::from_slice(&policy(repository.path(), &["diff", "change..main", "--output", "json"]).stdout).unwrap();
    assert_eq!((&back["widens"], &back["changes"][0]["direction"]), (&Value::Bool(false), &Value::from("narrows")), "{back}");
    assert_eq!((&back["old"]["commit"], &back["new"]["commit"]), (&at("change").into(), &at("main").into()), "{back}");
    let merged = policy(repository.path(), &["diff", "change...main"]);
    let told = String::from_utf8_lossy(&merged.stderr).into_owned();
    assert!(merged.status.success() && told.contains("OLD..NEW compares the two themselves"), "{told}");
    for nonsense in ["main", "...change", "main.."] {
        let refused = policy(repository.path(), &["diff", nonsense]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(64) && told.contains("such as origin/main...HEAD"), "{nonsense}: {told}");
    }
}

/// Nobody gains an existing file, but somebody gains whatever is added under the pattern.
#[test]
fn a_diff_lists_a_pattern_under_which_no_file_exists_yet() {
    let repository = repository();
    let wider = DEPLOY.replace("secrets: [shop/**]", "secrets: [shop/**, production/**]");
    commit(repository.path(), &[("policies/shop/deploy.yaml", &wider)]);
    let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    let line =
        "WIDENS  secret production/**   policies/shop/deploy.yaml:7   no file stands under it yet: it grants whatever comes\n";
    assert!(text.contains(line), "{text}");
    commit(repository.path(), &[("secrets/production/db.age", "x")]);
    let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("secret production/db.age") && !text.contains("secret production/**"), "{text}");
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("policies/shop/deploy.yaml", &format!("description: Same.\n{wider}"))]);
    let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_diff_lists_looser_terms_and_new_recipients() {
    let repository = repository();
    let [(_, ours), (_, theirs)] = [Identities::generate(), Identities::generate()];
    let document = |recipients: &[String]| {
        let path = SecretPath::parse("shop/db.yaml").unwrap();
        let sealed =
            encrypt_document(&path, b"password: swordfish\n", recipients, UnixTime::from_seconds(1_795_000_000)).unwrap();
        String::from_utf8(sealed).unwrap()
    };
    commit(repository.path(), &[("secrets/shop/db.yaml", &document(std::slice::from_ref(&ours)))]);
    git(repository.path(), &["branch", "--force", "main"]);
    // Text of a policy is printed escaped.
    let hostile = "owners: [\"team\\n```\\n# Nobody gains access\\e[2K\"]\n";
    let longer = format!("{hostile}{}", DEPLOY.replace("ttl: 10m", "ttl: 1h"));
    let rules = format!("creation_rules: [ {{ age: {theirs} }} ]\n");
    commit(
        repository.path(),
        &[
            ("policies/shop/deploy.yaml", &longer),
            ("secrets/shop/db.yaml", &document(&[ours.clone(), theirs.clone()])),
            (".sops.yaml", &rules),
        ],
    );
    let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    for expected in [
        "WIDENS  id_token https://partner.example   policies/shop/deploy.yaml:9\n  + ttl: 10m → 1h\n    acme/shop@456789 "
            .to_owned(),
        format!("WIDENS  recipient {}…\n  + opens secrets/shop/db.yaml\n  + is named by .sops.yaml for ", &theirs[..24]),
        "Owners to approve: team\\u{a}```\\u{a}# Nobody gains access\\u{1b}[2K\n".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected} in\n{text}");
    }
    let json: Value =
        serde_json::from_slice(&policy(repository.path(), &["diff", "main...change", "--output", "json"]).stdout).unwrap();
    assert_eq!((&json["changes"][0]["terms"][0]["new"], &json["recipients"][0]["recipient"]), (&"1h".into(), &theirs.into()));
}

#[test]
fn who_can_and_check_answer_an_operator() {
    let repository = repository();
    let who = policy(repository.path(), &["who-can", "https://partner.example"]);
    assert!(String::from_utf8_lossy(&who.stdout).contains("acme/shop@456789 refs/heads/main push"));
    assert_eq!(policy(repository.path(), &["who-can", "https://other.example"]).status.code(), Some(77));
    let check = policy(repository.path(), &["check"]);
    assert!(check.status.success() && String::from_utf8_lossy(&check.stdout).contains("warning[no_owner]"));
    assert_eq!(policy(repository.path(), &["check", "--deny", "no_owner"]).status.code(), Some(78));
    assert!(!String::from_utf8_lossy(&policy(repository.path(), &["check", "--allow", "no_owner"]).stdout).contains("no_owner"));
    let unknown = policy(repository.path(), &["check", "--deny", "no_ownr"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `no_owner`"));
    let sarif: Value = serde_json::from_slice(&policy(repository.path(), &["check", "--format", "sarif"]).stdout).unwrap();
    assert_eq!(
        (&sarif["version"], &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]),
        (&Value::from("2.1.0"), &Value::from("policies/shop/deploy.yaml"))
    );
    let notes = policy(repository.path(), &["check", "--format", "github"]);
    assert!(
        String::from_utf8_lossy(&notes.stdout).contains("::warning file=policies/shop/deploy.yaml,line=1,col=1,title=no_owner::")
    );
}

#[test]
fn an_import_writes_what_it_can_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let github = "issuer: https://token.actions.githubusercontent.com\n";
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("issuers.yaml", ISSUERS.to_owned());
    write("deploy.sts.yaml", format!("{github}subject: repo:acme/shop:ref:refs/heads/main\n"));
    write("tags.sts.yaml", format!("{github}subject_pattern: repo:acme/shop:ref:refs/tags/v[0-9]+\n"));
    let import = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
        let arguments = ["policy", "import", "tags.sts.yaml", "deploy.sts.yaml", "missing.json", "--config", "issuers.yaml"];
        command.current_dir(folder.path()).args(arguments).args(more).output().unwrap()
    };
    let printed = import(&[]);
    let (text, refused) = (String::from_utf8_lossy(&printed.stdout), String::from_utf8_lossy(&printed.stderr));
    assert_eq!(printed.status.code(), Some(78));
    assert!(text.starts_with("---\n# policies/deploy.yaml\n# - ") && text.contains("issuer: github\n"), "{text}");
    assert!(refused.contains("tags.sts.yaml: subject: `") && refused.contains("missing.json: "), "{refused}");
    let report: Value = serde_json::from_slice(&import(&["--output", "json", "--to", "out"]).stdout).unwrap();
    assert_eq!(
        (report["imported"][0]["file"].as_str(), report["refused"].as_array().unwrap().len()),
        (Some("policies/deploy.yaml"), 2)
    );
    let file = folder.path().join("out/policies/deploy.yaml");
    assert!(std::fs::read_to_string(&file).unwrap().contains("# choose a grant"));
    std::fs::write(&file, "mine").unwrap();
    let again = import(&["--to", "out"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("0 imported, 3 not"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

/// With `--folder` the command would compare the configured repository, and succeed whatever the checkout changes.
#[test]
fn diff_refuses_a_folder() {
    let repository = repository();
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let command = command.current_dir(repository.path()).args(["policy", "diff", "main...main", "--config", "issuers.yaml"]);
    let output = command.args(["--folder", "."]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(64) && text.contains("--repository ."), "{:?} {text}", output.status);
}

/// The change does not go live with its own commit, and no later diff would show it.
#[test]
fn a_diff_lists_what_unreadable_guardrails_hold_back() {
    let repository = repository();
    let wider = DEPLOY.replace("refs/heads/main", "refs/heads/**");
    let narrower = DEPLOY.replace("secrets: [shop/**]", "secrets: [shop/a.age]");
    for (policy_text, status) in [(&wider, 2), (&narrower, 0)] {
        git(repository.path(), &["checkout", "--quiet", "--force", "-B", "change", "main"]);
        commit(repository.path(), &[("policies/shop/deploy.yaml", policy_text), ("guardrails.yaml", "denials: {\n")]);
        let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(status), "{text}");
        let line = "WIDENS  policies/shop/deploy.yaml may widen as soon as the guardrails can be read\n";
        assert_eq!(text.contains(line), status == 2, "{text}");
    }
}

/// The policies do not change, but a denial under their patterns goes.
#[test]
fn a_diff_lists_a_removed_denial_under_a_pattern() {
    let rails =
        |pattern: &str| format!("denials: [ {{ description: Production stays., deny: {{ secrets: [\"{pattern}\"] }} }} ]\n");
    for (grant, expected) in [
        ("secrets: [prod/**]", "WIDENS  secret prod/**"),
        ("secrets: [{ secret: prod/**, history: allow }]", "WIDENS  secret_at prod/"),
    ] {
        let repository = repository();
        let deploy = DEPLOY.replace("secrets: [shop/**]", grant);
        commit(repository.path(), &[("policies/shop/deploy.yaml", &deploy), ("guardrails.yaml", &rails("prod/**"))]);
        git(repository.path(), &["branch", "--force", "main"]);
        commit(repository.path(), &[("guardrails.yaml", &rails("prod/root.yaml"))]);
        let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code() == Some(2) && text.contains(expected), "{text}");
        commit(repository.path(), &[("guardrails.yaml", &format!("# As it was.\n{}", rails("prod/**")))]);
        let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// It may load with the server's configuration, and then nobody would have been warned.
#[test]
fn a_changed_policy_that_does_not_load_here_counts_as_a_permission_increase() {
    let repository = repository();
    let session = DEPLOY.replace("grant:", "session: { ttl: 30m }\ngrant:");
    commit(repository.path(), &[("policies/shop/deploy.yaml", &session)]);
    let output = policy(repository.path(), &["diff", "main...change", "--fail-on", "widen"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(2) && text.contains("does not load here"), "{text}");
}

/// The server refuses such a name too.
#[test]
fn check_reports_a_source_with_an_invalid_name() {
    let repository = repository();
    let allowed = "allowed: { issuers: [github] }\n";
    commit(repository.path(), &[("sources/Team-a.yaml", allowed), ("sources/teams/b.yaml", allowed)]);
    let output = policy(repository.path(), &["check"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.contains("sources/Team-a.yaml:1") && text.contains("the file's name: "), "{text}");
    assert!(text.contains("sources/teams/b.yaml:1") && text.contains("this file is not read"), "{text}");
}

/// An answer lists what it did not read.
#[test]
fn who_can_says_what_it_did_not_read() {
    let repository = repository();
    let broken = DEPLOY.replace("event: push", "event: [[push");
    commit(
        repository.path(),
        &[("policies/other.yaml", &broken), ("sources/team-a.yaml", "repository: x\n"), ("secrets/production/db.yaml", "x")],
    );
    let output = policy(repository.path(), &["who-can", "production/db.yaml"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(77), "{text}");
    for expected in ["policies/other.yaml:", "further sources team-a are not looked at", "Looked at: "] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
}

/// A grant of single values also reaches their document.
#[test]
fn who_can_knows_the_values_of_a_document_and_reports_missing_ones() {
    let repository = repository();
    let (_, recipient) = Identities::generate();
    let path = SecretPath::parse("shop/db.yaml").unwrap();
    let sealed = encrypt_document(&path, b"password: x\nuser: y\n", &[recipient], UnixTime::from_seconds(1_795_000_000)).unwrap();
    let by_value = DEPLOY.replace("[shop/**]", "[\"shop/db.yaml#/password\"]");
    let sealed = String::from_utf8(sealed).unwrap();
    commit(
        repository.path(),
        &[
            ("policies/shop/deploy.yaml", &by_value),
            ("secrets/shop/db.yaml", &sealed),
            ("sources/team-a.yaml", "repository: x\n"),
        ],
    );
    let ask = |grant: &str, more: &[&str]| {
        let output = policy(repository.path(), &[&["who-can", grant], more].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (code, stdout, _) = ask("shop/db.yaml", &[]);
    let line = "acme/shop@456789 refs/heads/main push   policies/shop/deploy.yaml:7   secret shop/db.yaml#/password alone";
    assert!(code == 0 && stdout.contains(line), "{stdout}");
    let (_, stdout, _) = ask("shop/db.yaml", &["--output", "json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["reached_by"][0]["part"], "secret shop/db.yaml#/password", "{report}");
    assert_eq!(ask("shop/db.yaml#/password", &[]).0, 0);
    assert_eq!(ask("shop/db.yaml#/user", &[]).0, 77, "it exists, and nobody may read it");
    for (grant, expected) in [
        ("shop/nope.yaml", "there is no such secret: "),
        ("shop/db.yaml#/nope", "secrets/shop/db.yaml has no value at /nope"),
        ("transit decrypt flux", "there is no such transit key: "),
        ("team-a/x", "in the repository of the source team-a"),
    ] {
        for more in [&[][..], &["--output", "json"]] {
            let (code, out, stderr) = ask(grant, more);
            assert!(
                code == 64 && out.is_empty() == more.is_empty() && stderr.contains(expected),
                "{grant}: {code} {out} {stderr}"
            );
        }
    }
    let both = DEPLOY.replace("[shop/**]", "[shop/db.yaml, \"shop/db.yaml#/password\"]");
    commit(repository.path(), &[("policies/shop/deploy.yaml", &both)]);
    let (_, stdout, _) = ask("shop/db.yaml", &[]);
    assert!(stdout.matches("for example").count() == 1 && !stdout.contains("alone"), "{stdout}");
}
