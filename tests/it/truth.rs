//! Reports are true: which version of a policy granted, what a denial matches, what was lifted, why nothing goes live.

use crate::operate::daypass;
use crate::support::{DEPLOY, Setup, World, git, put};
use crate::vault::login;
use serde_json::{Value, json};

const HOLD: &str = ", rollout: { widening: hold, narrowing: immediate }";
const REPLAY: &str = "issuer: github
match: { repository: acme/shop@456789, event: pull-request }
grant: { daypass: [policy.replay] }
";

fn head(world: &World) -> String {
    git(&world.path("access"), &["rev-parse", "HEAD"])
}

async fn ask(world: &World) -> Value {
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// What the audit log records for a decision: the commit of the policy, and the commit in force if that is another.
fn recorded(world: &World, decision: &Value) -> (Value, Value) {
    let of = |kind: &str| {
        let entries = world.audit();
        let found = entries.iter().find(|entry| entry.kind == kind && entry.decision.as_deref() == decision.as_str());
        found.map(|entry| entry.body.clone())
    };
    let body = of("intended").or_else(|| of("released")).unwrap();
    (body["policy_revision"].clone(), body["revision_in_force"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_an_older_version_is_recorded_with_that_versions_commit() {
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("access/replay", REPLAY.to_owned())];
    let mut world = World::start(Setup { policies, root: HOLD.to_owned(), ..Setup::default() }).await;
    let first = head(&world);
    let wider = DEPLOY.replace("refs/heads/main", "refs/heads/**");
    let pulls = REPLAY.replace("event: pull-request", "event: [pull-request, push]");
    let files = [("policies/shop/deploy.yaml", wider.as_bytes()), ("policies/access/replay.yaml", pulls.as_bytes())];
    let ready = world.commit_and_wait(&files).await;
    assert_eq!(ready["held"], json!(["policies/access/replay.yaml", "policies/shop/deploy.yaml"]), "{ready}");
    let second = head(&world);
    for restarted in [false, true] {
        let answer = ask(&world).await;
        assert_eq!(answer["policy_revision"], json!(first), "restarted: {restarted}");
        assert_eq!(recorded(&world, &answer["decision_id"]), (json!(first), json!(second)), "restarted: {restarted}");
        let (_, begun) = login(&world, &world.token(), "shop/deploy").await;
        assert_eq!(recorded(&world, &begun["request_id"]), (json!(first), json!(second)), "{begun}");
        let explained = daypass(&world, &["policy", "explain", "--issuer", "github", "--secret", "shop/password.age"]).await.1;
        let waits = format!(
            "{second} is in force, with an older form, or none, of 2 files: policies/access/replay.yaml, policies/shop/deploy.yaml"
        );
        assert!(explained.contains("`rollout` holds back") && explained.contains(&waits), "{explained}");
        if !restarted {
            world.kill_and_restart().await;
        }
    }
    // A replay compares with the revision in force, whichever version of the policy grants the replay.
    let repository = world.path("access").display().to_string();
    let replay = world.job("pull", &["policy", "replay", "HEAD", "--repository", &repository], &[]).await;
    let output = String::from_utf8_lossy(&replay.stdout).into_owned() + &String::from_utf8_lossy(&replay.stderr);
    assert!(output.contains(&format!("In force: the server {second}")), "{output}");
    let (status, output) = daypass(&world, &["confirm", &second]).await;
    assert_eq!(status, 0, "{output}");
    let answer = ask(&world).await;
    assert_eq!(answer["policy_revision"], json!(second));
    assert_eq!(recorded(&world, &answer["decision_id"]), (json!(second), Value::Null));
    let explained = daypass(&world, &["policy", "explain", "--issuer", "github", "--secret", "shop/password.age"]).await.1;
    assert!(!explained.contains("holds back"), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_faulty_file_the_commit_of_its_last_good_version_is_reported() {
    let world = World::start(Setup::default()).await;
    let first = head(&world);
    world.commit_and_wait(&[("policies/shop/deploy.yaml", b"issuer: github\ngrnat: {}\n")]).await;
    let second = head(&world);
    world.commit_and_wait(&[("secrets/shop/password.age", b"this is no age file")]).await;
    let third = head(&world);
    let answer = ask(&world).await;
    // Each commit is the newest one that had this version of the file.
    assert_eq!((&answer["policy_revision"], &answer["credentials"][0]["secret"]["commit"]), (&json!(first), &json!(second)));
    assert_eq!(recorded(&world, &answer["decision_id"]), (json!(first), json!(third)));
    let entries = world.audit();
    let released = entries.iter().rfind(|entry| entry.kind == "released").unwrap();
    assert_eq!(released.body["issued"][0]["secret"]["commit"], json!(second), "{}", released.body);
    world.commit_and_wait(&[("policies/shop/deploy.yaml", DEPLOY.as_bytes())]).await;
    let answer = ask(&world).await;
    assert_eq!(
        (&answer["policy_revision"], &answer["credentials"][0]["secret"]["commit"]),
        (&json!(head(&world)), &json!(second)),
        "each file is of its own commit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_that_can_match_nobody_is_refused_with_what_to_write() {
    let world = World::start(Setup::default()).await;
    ask(&world).await;
    let deny = async |arguments: &[&str]| daypass(&world, &[&["deny", "--reason", "INC-42"], arguments].concat()).await;
    for (repository, help) in [
        ("acme/*", "guardrails.yaml"),
        ("*", "guardrails.yaml"),
        ("https://github.com/acme/shop", "`acme/shop`"),
        ("https://github.com/acme/shop.git", "`acme/shop`"),
        ("git@github.com:acme/shop.git", "`acme/shop`"),
        ("github.com/acme/shop", "`acme/shop`"),
        ("shop", "owner/name"),
        ("acme/shop/", "`acme/shop`"),
        (" acme/shop", "`acme/shop`"),
        ("acme/shop@main", "name@id"),
        ("acme/shop@", "name@id"),
    ] {
        for more in [&[][..], &["--unknown-too"]] {
            let (status, output) = deny(&[&["--repository", repository], more].concat()).await;
            assert!(status == 64 && output.contains(help), "{repository}: {status} {output}");
        }
    }
    for run in ["https://github.com/acme/shop/actions/runs/7301234567", "run-7", " "] {
        let (status, output) = deny(&["--run", run]).await;
        assert_eq!(status, 64, "{run}: {output}");
    }
    for (run, help) in [
        ("https://github.com/acme/shop/actions/runs/1000/job/5555", Some("`1000`")),
        ("https://github.com/acme/shop/actions/runs/1000/attempts/2", Some("`1000`")),
        ("https://github.com/acme/shop/actions/runs/1000?pr=7", Some("`1000`")),
        ("https://github.com/runs/77/actions/runs/1000", None),
        ("https://gitlab.com/acme/shop/-/pipelines/1000", Some("`1000`")),
        ("https://gitlab.com/acme/shop/-/jobs/5555", None),
        ("1000/1", Some("`1000`")),
        (" 1000", Some("`1000`")),
    ] {
        let (status, output) = deny(&["--run", run]).await;
        let written = output.split(": write ").nth(1).unwrap_or_default();
        assert!(status == 64 && written.starts_with(help.unwrap_or("the id that the CI gives")), "{run}: {status} {output}");
    }
    ask(&world).await;
    for good in [["--repository", "acme/shop@456789"], ["--repository", "Acme/Shop"], ["--run", "7301234567"]] {
        let (status, output) = deny(&good).await;
        assert!(status == 0 && output.contains("covers 2 of the 2"), "{good:?}: {status} {output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lifting_a_denial_reports_what_was_denied() {
    let world = World::start(Setup::default()).await;
    let deny = ["deny", "--repository", "acme/shop", "--for", "4h", "--reason", "INC-42", "--output", "json"];
    let id = |output: &str| serde_json::from_str::<Value>(output).unwrap()["id"].as_str().unwrap().to_owned();
    let [one, other] = [id(&daypass(&world, &deny).await.1), id(&daypass(&world, &deny).await.1)];
    let (status, output) = daypass(&world, &["deny", "--lift", &one]).await;
    assert!(status == 0 && output.contains("repository acme/shop") && output.contains("INC-42"), "{status} {output}");
    let (_, output) = daypass(&world, &["deny", "--lift", &other, "--output", "json"]).await;
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["denies"], json!({ "repository": "acme/shop", "reason": "INC-42" }), "{report}");
    assert!(report["lifted"] == true && report["until"].is_string(), "{report}");
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "lifted").unwrap();
    assert_eq!(record.body["denies"]["reason"], "INC-42", "the audit log records it too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_with_faulty_guardrails_reports_their_fault() {
    let world = World::start(Setup { root: HOLD.to_owned(), ..Setup::default() }).await;
    let wider = DEPLOY.replace("refs/heads/main", "refs/heads/**");
    let files = [("policies/shop/other.yaml", wider.as_bytes()), ("guardrails.yaml", b"denails: []\n".as_slice())];
    world.commit_and_wait(&files).await;
    let (status, output) = daypass(&world, &["confirm", &head(&world)]).await;
    assert!(status == 64 && output.contains("guardrails.yaml:1") && output.contains("denails"), "{status} {output}");
    assert!(!output.contains("can be read"), "{output}");
    let (status, output) = daypass(&world, &["status"]).await;
    assert!(status == 78 && output.contains("ALARM       the guardrails cannot be read"), "{status} {output}");
    git(&world.path("access"), &["rm", "--quiet", "guardrails.yaml"]);
    put(&world.path("access/guardrails.yml"), b"denials: []\n");
    world.commit_and_wait(&[]).await;
    let (status, output) = daypass(&world, &["confirm", &head(&world)]).await;
    assert!(status == 64 && output.contains("guardrails.yml:1"), "{status} {output}");
    git(&world.path("access"), &["rm", "--quiet", "guardrails.yml"]);
    world.commit_and_wait(&[]).await;
    let (status, output) = daypass(&world, &["confirm", &head(&world)]).await;
    assert!(status == 0 && output.contains("nothing of this commit waits"), "{status} {output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_by_another_name_is_refused_with_its_id_and_an_expected_one_is_listed() {
    let world = World::start(Setup::default()).await;
    let first = head(&world);
    world.commit_and_wait(&[("policies/shop/deploy.yaml", DEPLOY.replace("main", "release").as_bytes())]).await;
    let second = head(&world);
    for command in ["accept", "confirm"] {
        for (name, id) in [("HEAD", &second), ("main", &second), (&second[..12], &second), ("HEAD~1", &first)] {
            let (status, output) = daypass(&world, &[command, name]).await;
            assert!(
                status == 64 && output.contains("a whole commit id") && output.contains(id.as_str()),
                "{command} {name}: {output}"
            );
        }
        let (status, output) = daypass(&world, &[command, "nothing-of-this-name"]).await;
        assert!(status == 64 && output.contains("a whole commit id") && !output.contains("deserialize"), "{command}: {output}");
    }
    let (status, output) = daypass(&world, &["accept", &first]).await;
    assert!(status == 0 && output.contains("follows it as soon as the repository's ref"), "{output}");
    let (_, status) = daypass(&world, &["status"]).await;
    assert!(status.contains(&format!("accepted    {first}")), "{status}");
    world.commit_and_wait(&[("policies/shop/deploy.yaml", DEPLOY.as_bytes())]).await;
    let (_, status) = daypass(&world, &["status"]).await;
    assert!(!status.contains("accepted  "), "another commit is in force: {status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_readable_revision_nothing_is_claimed_about_a_denials_matches() {
    let world = World::start_unready(Setup { git: "elsewhere".to_owned(), ..Setup::default() }).await;
    assert_eq!(world.ready().await["revision"], Value::Null);
    let (status, output) = daypass(&world, &["deny", "--policy", "shop/deploy", "--reason", "INC-42"]).await;
    assert!(status == 64 && output.contains("it is not known whether there is such a policy"), "{status} {output}");
    for policy in ["shop/deploy", "shop/deplyo"] {
        let (status, output) = daypass(&world, &["deny", "--policy", policy, "--reason", "INC-42", "--unknown-too"]).await;
        assert_eq!(status, 0, "{output}");
    }
    let denials = async || -> Value {
        serde_json::from_str::<Value>(&daypass(&world, &["status", "--output", "json"]).await.1).unwrap()["denials"].clone()
    };
    let listed = denials().await;
    assert!(listed.as_array().is_some_and(|all| all.len() == 2 && all.iter().all(|one| one["unknown"].is_null())), "{listed}");
    assert!(!daypass(&world, &["status"]).await.1.contains("IT DENIES NOBODY"));
    std::fs::rename(world.path("access"), world.path("elsewhere")).unwrap();
    world.until("the repository is there", |ready| ready["revision"].is_string()).await;
    let listed = denials().await;
    let unknown: Vec<&Value> = listed.as_array().unwrap().iter().filter(|one| !one["unknown"].is_null()).collect();
    assert!(unknown.len() == 1 && unknown[0]["denies"]["policy"] == "shop/deplyo", "{listed}");
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await;
    assert_eq!((status, &answer["code"]), (403, &json!("denied")));
}

#[test]
fn check_reports_policies_in_a_folder_with_a_misspelt_name() {
    let folder = tempfile::tempdir().unwrap();
    let issuers = "issuers: [ { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] } ]\n";
    put(&folder.path().join("daypass.yaml"), issuers.as_bytes());
    put(&folder.path().join("access/policies/shop/deploy.yaml"), DEPLOY.as_bytes());
    put(&folder.path().join("access/polices/shop/release.yaml"), DEPLOY.as_bytes());
    put(&folder.path().join("access/policy/notes.rego"), b"package main\n");
    let check = std::process::Command::new(env!("CARGO_BIN_EXE_daypass"))
        .current_dir(folder.path())
        .args(["policy", "check", "--config", "daypass.yaml", "--folder", "access"])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&check.stdout).into_owned() + &String::from_utf8_lossy(&check.stderr);
    assert!(output.contains("warning[stray_file]") && output.contains("polices/shop/release.yaml:1"), "{output}");
    assert!(check.status.success() && !output.contains("notes.rego"), "{output}");
}

/// With held files the commands compare with what is in force, and not with the commit's own files.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_policy_is_held_replay_uses_the_version_in_force_and_who_can_says_so() {
    let world = World::start(Setup { root: HOLD.to_owned(), ..Setup::default() }).await;
    ask(&world).await;
    let other = DEPLOY.replace("refs/heads/main", "refs/heads/other");
    let ready = world.commit_and_wait(&[("policies/shop/deploy.yaml", other.as_bytes())]).await;
    assert_eq!(ready["held"], json!(["policies/shop/deploy.yaml"]));
    ask(&world).await;
    let data = world.path("data").display().to_string();
    let (status, output) = daypass(&world, &["policy", "replay", "HEAD", "--data", &data, "--fail-on", "deny"]).await;
    assert!(status == 2 && output.contains("DENIES   secret shop/password.age"), "{status} {output}");
    let (_, output) = daypass(&world, &["policy", "who-can", "shop/password.age"]).await;
    assert!(output.contains("holds back") && output.contains("policies/shop/deploy.yaml."), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_says_that_a_renamed_policy_will_be_held() {
    let read = "issuer: github\nmatch: { repository: acme/shop@456789, ref: refs/heads/main, event: push }\ngrant: { secrets: [shop/**] }\n";
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("shop/read", read.to_owned())];
    let world = World::start(Setup { root: HOLD.to_owned(), policies, ..Setup::default() }).await;
    let access = world.path("access");
    git(&access, &["mv", "policies/shop/read.yaml", "policies/shop/reads.yaml"]);
    let ready = world.commit_and_wait(&[]).await;
    assert_eq!(ready["held"], json!(["policies/shop/reads.yaml"]));
    let (status, output) = daypass(&world, &["policy", "diff", "HEAD~1...HEAD", "--fail-on", "widen"]).await;
    assert!(status == 0 && output.contains("policies/shop/reads.yaml: if `rollout` holds"), "{status} {output}");

    // The subject of our tokens changes too, so this is a permission increase.
    git(&access, &["mv", "policies/shop/deploy.yaml", "policies/shop/other.yaml"]);
    world.commit_and_wait(&[]).await;
    let (status, output) = daypass(&world, &["policy", "diff", "HEAD~1...HEAD", "--fail-on", "widen"]).await;
    assert!(status == 2 && output.contains("subject: root/shop/deploy → root/shop/other"), "{status} {output}");
}
