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
    let told = String::from_utf8_lossy(&replay.stdout).into_owned() + &String::from_utf8_lossy(&replay.stderr);
    assert!(told.contains(&format!("In force: the server {second}")), "{told}");
    let (status, told) = daypass(&world, &["confirm", &second]).await;
    assert_eq!(status, 0, "{told}");
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
            let (status, told) = deny(&[&["--repository", repository], more].concat()).await;
            assert!(status == 64 && told.contains(help), "{repository}: {status} {told}");
        }
    }
    for run in ["https://github.com/acme/shop/actions/runs/7301234567", "run-7", " "] {
        let (status, told) = deny(&["--run", run]).await;
        assert_eq!(status, 64, "{run}: {told}");
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
        let (status, told) = deny(&["--run", run]).await;
        let written = told.split(": write ").nth(1).unwrap_or_default();
        assert!(status == 64 && written.starts_with(help.unwrap_or("the id that the CI gives")), "{run}: {status} {told}");
    }
    ask(&world).await;
    for good in [["--repository", "acme/shop@456789"], ["--repository", "Acme/Shop"], ["--run", "7301234567"]] {
        let (status, told) = deny(&good).await;
        assert!(status == 0 && told.contains("covers 2 of the 2"), "{good:?}: {status} {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lifting_a_denial_reports_what_was_denied() {
    let world = World::start(Setup::default()).await;
    let deny = ["deny", "--repository", "acme/shop", "--for", "4h", "--reason", "INC-42", "--output", "json"];
    let id = |told: &str| serde_json::from_str::<Value>(told).unwrap()["id"].as_str().unwrap().to_owned();
    let [one, other] = [id(&daypass(&world, &deny).await.1), id(&daypass(&world, &deny).await.1)];
    let (status, told) = daypass(&world, &["deny", "--lift", &one]).await;
    assert!(status == 0 && told.contains("repository acme/shop") && told.contains("INC-42"), "{status} {told}");
    let (_, told) = daypass(&world, &["deny", "--lift", &other, "--output", "json"]).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["denies"], json!({ "repository": "acme/shop", "reason": "INC-42" }), "{told}");
    assert!(told["lifted"] == true && told["until"].is_string(), "{told}");
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "lifted").unwrap();
    assert_eq!(record.body["denies"]["reason"], "INC-42", "the audit log records it too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_with_faulty_guardrails_reports_their_fault() {
    let world = World::start(Setup { root: HOLD.to_owned(), ..Setup::default() }).await;
    let wider = DEPLOY.replace("refs/heads/main", "refs/heads/**");
    let files = [("policies/shop/other.yaml", wider.as_bytes()), ("guardrails.yaml", b"denails: []\n".as_slice())];
    world.commit_and_wait(&files).await;
    let (status, told) = daypass(&world, &["confirm", &head(&world)]).await;
    assert!(status == 64 && told.contains("guardrails.yaml:1") && told.contains("denails"), "{status} {told}");
    assert!(!told.contains("can be read"), "{told}");
    let (status, told) = daypass(&world, &["status"]).await;
    assert!(status == 78 && told.contains("ALARM       the guardrails cannot be read"), "{status} {told}");
    git(&world.path("access"), &["rm", "--quiet", "guardrails.yaml"]);
    put(&world.path("access/guardrails.yml"), b"denials: []\n");
    world.commit_and_wait(&[]).await;
    let (status, told) = daypass(&world, &["confirm", &head(&world)]).await;
    assert!(status == 64 && told.contains("guardrails.yml:1"), "{status} {told}");
    git(&world.path("access"), &["rm", "--quiet", "guardrails.yml"]);
    world.commit_and_wait(&[]).await;
    let (status, told) = daypass(&world, &["confirm", &head(&world)]).await;
    assert!(status == 0 && told.contains("nothing of this commit waits"), "{status} {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_by_another_name_is_refused_with_its_id_and_an_expected_one_is_listed() {
    let world = World::start(Setup::default()).await;
    let first = head(&world);
    world.commit_and_wait(&[("policies/shop/deploy.yaml", DEPLOY.replace("main", "release").as_bytes())]).await;
    let second = head(&world);
    for command in ["accept", "confirm"] {
        for (name, id) in [("HEAD", &second), ("main", &second), (&second[..12], &second), ("HEAD~1", &first)] {
            let (status, told) = daypass(&world, &[command, name]).await;
            assert!(status == 64 && told.contains("a whole commit id") && told.contains(id.as_str()), "{command} {name}: {told}");
        }
        let (status, told) = daypass(&world, &[command, "nothing-of-this-name"]).await;
        assert!(status == 64 && told.contains("a whole commit id") && !told.contains("deserialize"), "{command}: {told}");
    }
    let (status, told) = daypass(&world, &["accept", &first]).await;
    assert!(status == 0 && told.contains("follows it as soon as the repository's ref"), "{told}");
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
    let (status, told) = daypass(&world, &["deny", "--policy", "shop/deploy", "--reason", "INC-42"]).await;
    assert!(status == 64 && told.contains("it is not known whether there is such a policy"), "{status} {told}");
    for policy in ["shop/deploy", "shop/deplyo"] {
        let (status, told) = daypass(&world, &["deny", "--policy", policy, "--reason", "INC-42", "--unknown-too"]).await;
        assert_eq!(status, 0, "{told}");
    }
    let denials = async || -> Value {
        serde_json::from_str::<Value>(&daypass(&world, &["status", "--output", "json"]).await.1).unwrap()["denials"].clone()
    };
    let told = denials().await;
    assert!(told.as_array().is_some_and(|all| all.len() == 2 && all.iter().all(|one| one["unknown"].is_null())), "{told}");
    assert!(!daypass(&world, &["status"]).await.1.contains("IT DENIES NOBODY"));
    std::fs::rename(world.path("access"), world.path("elsewhere")).unwrap();
    world.until("the repository is there", |ready| ready["revision"].is_string()).await;
    let told = denials().await;
    let unknown: Vec<&Value> = told.as_array().unwrap().iter().filter(|one| !one["unknown"].is_null()).collect();
    assert!(unknown.len() == 1 && unknown[0]["denies"]["policy"] == "shop/deplyo", "{told}");
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
    let told = String::from_utf8_lossy(&check.stdout).into_owned() + &String::from_utf8_lossy(&check.stderr);
    assert!(told.contains("warning[stray_file]") && told.contains("polices/shop/release.yaml:1"), "{told}");
    assert!(check.status.success() && !told.contains("notes.rego"), "{told}");
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
    let (status, told) = daypass(&world, &["policy", "replay", "HEAD", "--data", &data, "--fail-on", "deny"]).await;
    assert!(status == 2 && told.contains("DENIES   secret shop/password.age"), "{status} {told}");
    let (_, told) = daypass(&world, &["policy", "who-can", "shop/password.age"]).await;
    assert!(told.contains("holds back") && told.contains("policies/shop/deploy.yaml."), "{told}");
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
    let (status, told) = daypass(&world, &["policy", "diff", "HEAD~1...HEAD", "--fail-on", "widen"]).await;
    assert!(status == 0 && told.contains("policies/shop/reads.yaml: if `rollout` holds"), "{status} {told}");

    // The subject of our tokens changes too, so this is a permission increase.
    git(&access, &["mv", "policies/shop/deploy.yaml", "policies/shop/other.yaml"]);
    world.commit_and_wait(&[]).await;
    let (status, told) = daypass(&world, &["policy", "diff", "HEAD~1...HEAD", "--fail-on", "widen"]).await;
    assert!(status == 2 && told.contains("subject: root/shop/deploy → root/shop/other"), "{status} {told}");
}
