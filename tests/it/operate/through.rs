//! What a policy lets a job do through the server: `deny`, and `secret status --in-force`.

use super::daypass;
use crate::sources::{self, define, live};
use crate::support::{DEPLOY, Setup, World, commit, git, put};
use daypass::demo::issuer::github_claims;
use serde_json::{Map, Value, json};

const ON_CALL: &str = "issuer: github
match: { repository: acme/shop@456789, event: pull-request }
grant: { daypass: [deny, secret.status] }
";

fn on_call() -> Map<String, Value> {
    github_claims("pull_request", "refs/pull/7/merge")
}

async fn world() -> World {
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("access/on-call", ON_CALL.to_owned())];
    World::start(Setup { policies, ..Setup::default() }).await
}

async fn post(world: &World, token: &str, body: &Value) -> (u16, Value) {
    let response = world.http.post(world.url("/v1/deny")).bearer_auth(token).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn get(world: &World, token: &str, query: &str) -> (u16, Value) {
    let response = world.http.get(world.url(&format!("/v1/secret-status{query}"))).bearer_auth(token).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Runs the program without the server's configuration. The kind of run decides whether a policy allows it.
async fn through(world: &World, run: &str, arguments: &[&str]) -> (i32, String, String) {
    let output = world.job(run, arguments, &[]).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

async fn deploys(world: &World) -> (u16, Value) {
    let (status, answer) = world.exchange(&world.token(), json!([{ "secret": "shop/password.age" }])).await;
    (status, answer["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_denies_by_a_policy_and_only_an_operator_lifts() {
    let mut world = world().await;
    assert_eq!(deploys(&world).await.0, 200);
    let deny = ["deny", "--policy", "shop/deploy", "--for", "4h", "--reason", "INC-42"];
    let (status, _, stderr) = through(&world, "push", &deny).await;
    assert!(status == 77 && stderr.contains("no_matching_policy"), "{stderr}");
    assert_eq!(deploys(&world).await.0, 200);

    let (status, stdout, stderr) = through(&world, "pull", &deny).await;
    assert_eq!(status, 0, "{stderr}");
    for words in ["policy shop/deploy", "it covers 2 of the", "on the server's own machine, lifts it"] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
    assert_eq!(deploys(&world).await, (403, json!("denied")), "at once");
    world.kill_and_restart().await;
    assert_eq!(deploys(&world).await, (403, json!("denied")), "durable");

    let id = stdout.split("--lift ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    let server = world.url("");
    let (status, _, stderr) = through(&world, "pull", &["deny", "--lift", &id, "--server", &server]).await;
    assert!(status == 64 && stderr.contains("on the server's own machine alone"), "{stderr}");
    // The records intended, denied and released have one decision, so that a denial leads to its author.
    let entries = world.audit();
    let denied = entries.iter().find(|entry| entry.kind == "denied").unwrap();
    let of_it: Vec<&str> =
        entries.iter().filter(|entry| entry.decision == denied.decision).map(|entry| entry.kind.as_str()).collect();
    assert_eq!(of_it, ["intended", "denied", "released"]);
    let released = entries.iter().rfind(|entry| entry.kind == "released" && entry.decision == denied.decision).unwrap();
    assert_eq!((&released.body["denied"]["id"], &released.body["policies"]), (&json!(id), &json!(["access/on-call"])));
    assert_eq!(daypass(&world, &["deny", "--lift", &id[24..]]).await.0, 0);
    assert_eq!(deploys(&world).await.0, 200);

    let (status, stdout, _) = through(&world, "pull", &[&deny[..], &["--output", "json"]].concat()).await;
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (status, &report["covers"]["grants"], &report["denies"]),
        (0, &json!(3), &json!("policy shop/deploy")),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_of_nobody_or_everybody_is_refused() {
    let world = world().await;
    let long = "x".repeat(600);
    for (stop, phrase) in [
        (json!({ "reason": "everybody" }), "name at least one"),
        (json!({ "policy": "shop/deplyo", "reason": "x" }), "did you mean `shop/deploy`?"),
        (json!({ "repository": "acme/*", "reason": "x" }), "is a pattern"),
        (json!({ "repository": "acme/shop", "reason": "" }), "say the reason"),
        (json!({ "repository": "acme/shop", "reason": long }), "`reason` is longer than 512 characters"),
        (json!({ "repository": long, "reason": "x" }), "`repository` is longer than 512 characters"),
        (json!({ "owner": "acme", "reason": "x" }), "The request's body"),
        (json!(["acme/shop", "x"]), "an object `stop`"),
    ] {
        let (status, answer) = post(&world, &world.token_with(on_call()), &json!({ "stop": stop })).await;
        assert_eq!((status, &answer["code"]), (400, &json!("bad_request")), "{stop}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(phrase), "{stop}: {answer}");
    }
    let (status, answer) =
        post(&world, &world.token_with(on_call()), &json!({ "stop": { "run": "7", "reason": "x" }, "lasting": "0s" })).await;
    assert!(status == 400 && answer["detail"].as_str().unwrap().contains("for no time"), "{answer}");
    // The command ends as it does on the server's own machine.
    for (arguments, expected) in [
        (["--policy", "shop/deplyo"], "did you mean `shop/deploy`?"),
        (["--issuer", "gihub"], "did you mean `github`?"),
        (["--repository", "acme/*"], "is a pattern"),
    ] {
        let (status, _, stderr) = through(&world, "pull", &[&["deny", "--reason", "INC-42"], &arguments[..]].concat()).await;
        assert!(status == 64 && stderr.contains(expected) && !stderr.contains("docs/api.md"), "{status} {stderr}");
    }
    assert_eq!(deploys(&world).await.0, 200);
    assert!(world.audit().iter().all(|entry| entry.kind != "denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn guardrails_and_the_limit_of_denials_refuse_another_one() {
    let mut world = world().await;
    let stop = json!({ "stop": { "run": "7", "reason": "INC-1" } });
    world.stop();
    let store = rusqlite::Connection::open(world.path("data/daypass.sqlite")).unwrap();
    for number in 0..daypass::app::STANDING_MAX {
        let body = json!({ "run": number.to_string(), "reason": "x" }).to_string().into_bytes();
        store.execute("INSERT INTO denials (id, until, body) VALUES (?1, NULL, ?2)", (format!("{number:036}"), body)).unwrap();
    }
    drop(store);
    world.kill_and_restart().await;
    let (status, answer) = post(&world, &world.token_with(on_call()), &stop).await;
    assert_eq!((status, &answer["code"]), (503, &json!("overloaded")), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("1000 denials stand already"), "{answer}");
    assert_eq!(daypass(&world, &["deny", "--run", "1001", "--reason", "INC-1"]).await.0, 0, "an operator is not bounded");
    let rails = "denials: [ { description: No., deny: { daypass: [deny] } } ]\n";
    world.commit_and_wait(&[("guardrails.yaml", rails.as_bytes())]).await;
    let (status, answer) = post(&world, &world.token_with(on_call()), &stop).await;
    assert_eq!((status, &answer["code"]), (403, &json!("denied")), "{answer}");
    assert_eq!(get(&world, &world.token_with(on_call()), "").await.0, 200, "the other permission stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_denies_what_its_own_policies_grant_and_sees_its_own_files() {
    let (world, team, recipient) = sources::world().await;
    let allowed = "\"https://partner.example\"], daypass: [deny, secret.status]";
    put(&team.path().join("policies/on-call.yaml"), ON_CALL.as_bytes());
    let own = crate::vault::sealed_to(&recipient, "own.yaml", b"a: b\n");
    put(&team.path().join("secrets/own.yaml"), &own);
    commit(team.path());
    define(&world, team.path(), sources::TEAM).await;
    live(&world, team.path()).await;
    let of_team = json!({ "stop": { "policy": "team-a/deploy", "reason": "INC-1" } });
    let (status, answer) = post(&world, &world.token_with(on_call()), &of_team).await;
    assert_eq!((status, &answer["code"]), (403, &json!("no_matching_policy")), "its definition does not list it: {answer}");

    define(&world, team.path(), &sources::TEAM.replace("\"https://partner.example\"]", allowed)).await;
    world.until("its policy", |ready| ready["faults"] == json!([])).await;
    for stop in [
        json!({ "policy": "root/deploy", "reason": "x" }),
        json!({ "repository": "acme/shop", "reason": "x" }),
        json!({ "issuer": "github", "reason": "x" }),
    ] {
        let (status, answer) = post(&world, &world.token_with(on_call()), &json!({ "stop": stop })).await;
        assert_eq!((status, &answer["code"]), (403, &json!("no_matching_policy")), "{stop}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains("name one that is there, as team-a/NAME"), "{answer}");
    }
    let (status, answer) = get(&world, &world.token_with(on_call()), "").await;
    assert_eq!(status, 200, "{answer}");
    let report = &answer["secret_status"];
    assert_eq!((&report["source"], &report["commit"]), (&json!("team-a"), &json!(git(team.path(), &["rev-parse", "HEAD"]))));
    let files: Vec<(&str, &Value)> =
        report["files"].as_array().unwrap().iter().map(|file| (file["file"].as_str().unwrap(), &file["recipients"])).collect();
    assert_eq!(files, [("secrets/db.age", &Value::Null), ("secrets/own.yaml", &json!([recipient]))]);
    // A policy that does not exist yet may not be denied, and a suggestion never names another source's policy.
    let unknown = json!({ "stop": { "policy": "team-a/later", "reason": "x" }, "unknown_too": true });
    let (status, answer) = post(&world, &world.token_with(on_call()), &unknown).await;
    assert_eq!((status, &answer["code"]), (403, &json!("no_matching_policy")), "{answer}");
    let near = json!({ "stop": { "policy": "team-a/root-deploy", "reason": "x" } });
    let (status, answer) = post(&world, &world.token_with(on_call()), &near).await;
    assert!(status == 400 && !answer.to_string().contains("root/deploy"), "{answer}");
    let (status, answer) = post(&world, &world.token_with(on_call()), &of_team).await;
    assert_eq!((status, &answer["deny"]["denies"]), (200, &json!("policy team-a/deploy")), "{answer}");
    let (status, answer) = world.exchange(&world.token(), json!([{ "secret": "team-a/db.age" }])).await;
    assert_eq!((status, &answer["code"]), (403, &json!("denied")), "{answer}");
    assert_eq!(deploys(&world).await.0, 200, "the root's own policy");
    for _ in 1..daypass::app::OF_SOURCE_MAX {
        let (status, answer) = post(&world, &world.token_with(on_call()), &of_team).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (status, answer) = post(&world, &world.token_with(on_call()), &of_team).await;
    assert_eq!((status, &answer["code"]), (503, &json!("overloaded")), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_status_is_the_same_through_the_server_and_on_its_machine() {
    let world = world().await;
    let db = crate::vault::sealed(&world, "shop/db.yaml", b"password: one\n");
    let unused = crate::vault::sealed(&world, "other/unused.yaml", b"password: two\n");
    let values: String = (0..30).map(|number| format!(", \"shop/db.yaml#/{number}\"")).collect();
    let more = DEPLOY.replace("shop/**", &format!("shop/**, absent/**{values}"));
    world
        .commit_and_wait(&[
            ("secrets/shop/db.yaml", &db),
            ("secrets/other/unused.yaml", &unused),
            ("secrets/other/broken.yaml", b"password: in clear\n"),
            ("policies/shop/deploy.yaml", more.as_bytes()),
        ])
        .await;
    let (status, _, stderr) = through(&world, "push", &["secret", "status", "--in-force"]).await;
    assert!(status == 77 && stderr.contains("no_matching_policy"), "{stderr}");
    let (status, there, stderr) = through(&world, "pull", &["secret", "status", "--in-force", "--check"]).await;
    assert_eq!(status, 78, "{stderr}");
    let commit = git(&world.path("access"), &["rev-parse", "HEAD"]);
    for words in [
        &format!("root {commit}: 4 encrypted files"),
        "Not in force\n  secrets/other/broken.yaml: is faulty in line 1: `daypass status`",
        "Granted to nobody\n  secrets/other/broken.yaml\n  secrets/other/unused.yaml\n",
        "Granted, and there is no such file\n  policies/shop/deploy.yaml:",
        "absent/**",
    ] {
        assert!(there.contains(words), "{words}: {there}");
    }
    assert_eq!(daypass(&world, &["secret", "status", "--in-force"]).await, (0, there), "as the operator's command prints it");

    let arguments = ["secret", "status", "--in-force", "--below", "secrets/shop", "--output", "json"];
    let (status, stdout, _) = through(&world, "pull", &arguments).await;
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let files = report["files"].as_array().unwrap();
    assert_eq!((status, files.len()), (0, 2), "{report}");
    let file = &files[0];
    assert_eq!((&file["file"], &file["commit"]), (&json!("secrets/shop/db.yaml"), &json!(commit)));
    assert_eq!((&file["recipients"], &file["not_in_force"]), (&json!([world.recipient]), &Value::Null));
    let granted_by = file["granted_by"].as_array().unwrap();
    assert_eq!((&file["grants"], granted_by.len()), (&json!(31), daypass::app::GRANTS_LISTED_MAX), "{file}");
    assert!(granted_by[0].as_str().unwrap().starts_with("policies/shop/deploy.yaml:"), "{file}");
    let arguments = ["secret", "status", "--in-force", "--check", "--below", "secrets/shop/"];
    let (status, stdout, _) = through(&world, "pull", &arguments).await;
    assert!(status == 78 && stdout.contains("2 encrypted files"), "of the grants one has no file: {stdout}");
    let (status, stdout, _) = through(&world, "pull", &["secret", "status", "--in-force", "--check", "--below", "nosuch"]).await;
    assert!(status == 78 && stdout.contains("There is no encrypted file"), "{stdout}");
    let (status, page) = get(&world, &world.token_with(on_call()), "?after=secrets/other/unused.yaml").await;
    assert_eq!((status, page["secret_status"]["files"].as_array().unwrap().len()), (200, 2), "{page}");
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "released").unwrap();
    assert_eq!(record.body["secret_status"], json!({ "source": "root", "commit": commit, "files": 2 }));
    assert!(!world.log().contains("in clear"), "the log holds nothing of a file");
}
