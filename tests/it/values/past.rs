//! Historical versions of secrets: only if a policy grants them, only from the followed history, and only with today's identities.

use crate::sources::{self, TEAM, define, live};
use crate::support::{DEPLOY, Setup, World, commit, git, put, told, write_private};
use daypass::secrets::{Identities, encrypt};
use daypass::store::Entry;
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::{Value, json};

/// A policy that grants the historical versions of some secrets, and only the current version of another.
const HISTORIAN: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { secrets: [{ secret: shop/past/**, history: allow }, shop/db.yaml] }
";

fn sealed(recipient: &str, password: &str) -> Vec<u8> {
    let (path, text) = (SecretPath::parse("shop/past/db.yaml").unwrap(), format!("user: app\npassword: {password}\n"));
    let recipients = [recipient.to_owned()];
    daypass::secrets::encrypt_document(&path, text.as_bytes(), &recipients, UnixTime::from_seconds(1_800_000_000)).unwrap()
}

/// A world with a changed password, and the commit that has the old one.
async fn changed(setup: Setup) -> (World, String) {
    let policies = vec![("shop/read", HISTORIAN.to_owned())];
    let world = World::start(Setup { policies, ..setup }).await;
    let mut commits = Vec::new();
    for password in ["first", "second"] {
        world.commit_and_wait(&[("secrets/shop/past/db.yaml", &sealed(&world.recipient, password))]).await;
        commits.push(git(&world.path("access"), &["rev-parse", "HEAD"]));
    }
    (world, commits.swap_remove(0))
}

async fn past(world: &World, commit: &str, name: &str) -> (u16, Value) {
    world.exchange(&world.token(), json!([{ "secret_at": { "commit": commit, "secret": name } }])).await
}

const PASSWORD: &str = "shop/past/db.yaml#/password";

#[tokio::test(flavor = "multi_thread")]
async fn an_old_value_is_released_if_the_policy_grants_it_and_names_its_commit() {
    let (world, old) = changed(Setup::default()).await;
    let (status, answer) = past(&world, &old, PASSWORD).await;
    let secret = &answer["credentials"][0]["secret_at"];
    assert_eq!((status, &secret["value"], &secret["commit"]), (200, &json!("first"), &json!(old)), "{answer}");
    assert_ne!(answer["policy_revision"], json!(old), "today's policies have decided");
    let released = world.audit().into_iter().rfind(|entry| entry.kind == "released").unwrap();
    assert_eq!(released.body["credentials"], json!([format!("secret_at {old} {PASSWORD}")]));
    assert_eq!(released.body["issued"][0]["secret_at"]["commit"], json!(old));
    assert!(!released.body.to_string().contains("first"));
    // One token gets the current value in the same request, and a retry gets the same answer.
    let token = world.token();
    let both = json!([{ "secret": PASSWORD }, { "secret_at": { "commit": old, "secret": PASSWORD } }]);
    let (status, answer) = world.exchange(&token, both.clone()).await;
    assert_eq!((status, &answer["credentials"][0]["secret"]["value"]), (200, &json!("second")), "{answer}");
    assert_eq!(answer["credentials"][1]["secret_at"]["value"], "first");
    assert_eq!(world.exchange(&token, both).await.1["decision_id"], answer["decision_id"]);
    // The same by the address of one secret, and by the command.
    let url = world.url(&format!("/v1/secrets/shop/past/db.yaml?key=/password&commit={old}"));
    let plain = world.http.get(url).bearer_auth(world.token()).header("accept", "text/plain").send().await.unwrap();
    assert_eq!((plain.status().as_u16(), plain.text().await.unwrap().as_str()), (200, "first"));
    let output = world.job("push", &["secret", "get", "shop/past/db.yaml", "--commit", &old], &[]).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "user: app\npassword: first\n", "{output:?}");

    // A grant of the current version is not enough, and guardrails apply.
    let (status, refused) = past(&world, &old, "shop/db.yaml").await;
    assert_eq!((status, &refused["code"]), (403, &json!("no_matching_policy")), "{refused}");
    let rails = "denials:\n  - { description: No past., deny: { secrets: [\"shop/past/**\"] } }\n";
    world.commit_and_wait(&[("guardrails.yaml", rails.as_bytes())]).await;
    let (status, refused) = past(&world, &old, PASSWORD).await;
    assert_eq!((status, &refused["code"]), (403, &json!("denied")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn denials_and_replays_cover_historical_versions_too() {
    let (world, old) = changed(Setup::default()).await;
    assert_eq!(past(&world, &old, PASSWORD).await.0, 200);
    // A replay decides a released historical version again, with a candidate that does not grant it.
    let today = HISTORIAN.replace(", history: allow", "");
    git(&world.path("access"), &["checkout", "--quiet", "-b", "today"]);
    put(&world.path("access/policies/shop/read.yaml"), today.as_bytes());
    commit(&world.path("access"));
    git(&world.path("access"), &["checkout", "--quiet", "main"]);
    let operator = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
        let command = command.env_remove("DAYPASS_SERVER").env("DAYPASS_CONFIG", world.path("daypass.yaml")).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let data = world.path("data").display().to_string();
    let stdout = operator(&["policy", "replay", "today", "--data", &data, "--since", "1h", "--output", "json"]);
    let report: Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(
        (&report["denied"], &report["grants"][0]["credential"]),
        (&json!(1), &json!(format!("secret_at {PASSWORD}"))),
        "{report}"
    );
    operator(&["deny", "--policy", "shop/read", "--reason", "INC-42"]);
    let (status, refused) = past(&world, &old, PASSWORD).await;
    assert_eq!((status, &refused["code"]), (403, &json!("denied")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_ancestors_of_the_commit_in_force_can_be_requested() {
    let (world, old) = changed(Setup::default()).await;
    let repository = world.path("access");
    git(&repository, &["checkout", "--quiet", "-b", "side"]);
    put(&repository.join("secrets/shop/past/db.yaml"), &sealed(&world.recipient, "side"));
    commit(&repository);
    let side = git(&repository, &["rev-parse", "HEAD"]);
    git(&repository, &["checkout", "--quiet", "main"]);
    let mut refusals = Vec::new();
    for foreign in [side.as_str(), &"12".repeat(20), &"12".repeat(32)] {
        let (status, refused) = past(&world, foreign, PASSWORD).await;
        assert_eq!((status, &refused["code"]), (403, &json!("commit_refused")), "{refused}");
        refusals.push(told(&refused));
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "nobody learns which commits there are");
    let (status, refused) = past(&world, "main", PASSWORD).await;
    assert_eq!((status, &refused["code"]), (400, &json!("bad_request")), "{refused}");
    for query in ["commit=main", "commit=", &format!("commit={old}&commit={old}"), &format!("commit={}", &old[..12])] {
        let url = world.url(&format!("/v1/secrets/shop/past/db.yaml?{query}"));
        let refused = world.http.get(url).bearer_auth(world.token()).send().await.unwrap();
        assert_eq!(refused.status(), 400, "{query}");
    }
    let is_refusal = |entry: &Entry| entry.kind == "refused" && entry.body["cause"].to_string().contains("none of the history");
    assert_eq!(world.audit().iter().filter(|entry| is_refusal(entry)).count(), 3);

    // The historical version of a deleted file exists; other names do not.
    git(&repository, &["rm", "--quiet", "secrets/shop/past/db.yaml"]);
    world.commit_and_wait(&[]).await;
    assert_eq!(world.exchange(&world.token(), json!([{ "secret": PASSWORD }])).await.0, 404);
    assert_eq!(past(&world, &old, PASSWORD).await.1["credentials"][0]["secret_at"]["value"], "first");
    for lacking in ["shop/past/other.yaml", "shop/past/db.yaml#/other"] {
        let (status, refused) = past(&world, &old, lacking).await;
        assert_eq!((status, &refused["code"]), (404, &json!("secret_missing")), "{refused}");
        assert!(refused["detail"].as_str().unwrap().starts_with("The secret is granted, but"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_current_identity_opens_stays_closed() {
    let (mut world, old) = changed(Setup::default()).await;
    let (identity, recipient) = Identities::generate();
    // The source has another identity from now on. The server's own keys keep theirs.
    write_private(&world.path("source.key"), identity.expose());
    let configuration = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    let rotated = configuration.replace("age_identities: [root.key]", "age_identities: [source.key]");
    assert_ne!(configuration, rotated);
    std::fs::write(world.path("daypass.yaml"), rotated).unwrap();
    world.kill_and_restart().await;
    world.commit_and_wait(&[("secrets/shop/past/db.yaml", &sealed(&recipient, "third"))]).await;
    assert_eq!(world.exchange(&world.token(), json!([{ "secret": PASSWORD }])).await.0, 200);
    let (status, refused) = past(&world, &old, PASSWORD).await;
    assert_eq!((status, &refused["code"]), (502, &json!("secret_unreadable")), "{refused}");
    let now = git(&world.path("access"), &["rev-parse", "HEAD"]);
    assert_eq!(past(&world, &now, PASSWORD).await.1["credentials"][0]["secret_at"]["value"], "third");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_version_before_since_is_released() {
    let (mut world, old) = changed(Setup::default()).await;
    let since = git(&world.path("access"), &["rev-parse", "HEAD"]);
    let configuration = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    let anchored = configuration.replace("interval: 1s,", &format!("interval: 1s, since: {since},"));
    std::fs::write(world.path("daypass.yaml"), anchored).unwrap();
    assert_eq!(past(&world, &old, PASSWORD).await.0, 200);
    world.kill_and_restart().await;
    world.commit_and_wait(&[("secrets/shop/past/db.yaml", &sealed(&world.recipient, "third"))]).await;
    let (status, refused) = past(&world, &old, PASSWORD).await;
    assert_eq!((status, &refused["code"]), (403, &json!("commit_refused")), "{refused}");
    assert_eq!(past(&world, &since, PASSWORD).await.1["credentials"][0]["secret_at"]["value"], "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_file_is_not_released_as_a_historical_version() {
    let root = ", rollout: { widening: hold, narrowing: immediate }".to_owned();
    let (world, old) = changed(Setup { root, ..Setup::default() }).await;
    // The file is new under an existing grant and not confirmed. Its deletion does not confirm it either.
    let head = git(&world.path("access"), &["rev-parse", "HEAD"]);
    assert_eq!(past(&world, &head, PASSWORD).await.0, 502, "{old}");
    git(&world.path("access"), &["rm", "--quiet", "secrets/shop/past/db.yaml"]);
    world.commit_and_wait(&[]).await;
    let (status, refused) = past(&world, &old, PASSWORD).await;
    assert_eq!((status, &refused["code"]), (502, &json!("secret_unreadable")), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("nobody has confirmed"), "{refused}");
}

/// A held version that a later one replaced was never in force.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_version_that_was_replaced_is_never_released() {
    let root = ", rollout: { widening: hold, narrowing: immediate }".to_owned();
    let (world, unconfirmed) = changed(Setup { root, ..Setup::default() }).await;
    let head = || git(&world.path("access"), &["rev-parse", "HEAD"]);
    let confirmed = head();
    let config = world.path("daypass.yaml").display().to_string();
    let output = world.job("push", &["confirm", &confirmed, "--config", &config], &[]).await;
    assert!(output.status.success(), "{output:?}");
    // A version with one more recipient is held. The next one, without it and with another value, is not.
    let (_, stranger) = Identities::generate();
    let path = SecretPath::parse("shop/past/db.yaml").unwrap();
    let recipients = [world.recipient.clone(), stranger];
    let at = UnixTime::from_seconds(1_800_000_000);
    let wider = daypass::secrets::encrypt_document(&path, b"user: app\npassword: waited\n", &recipients, at).unwrap();
    world.commit_and_wait(&[("secrets/shop/past/db.yaml", &wider)]).await;
    let waited = head();
    assert_eq!(past(&world, &waited, PASSWORD).await.0, 502, "it waits");
    world.commit_and_wait(&[("secrets/shop/past/db.yaml", &sealed(&world.recipient, "third"))]).await;
    let third = head();
    world.commit_and_wait(&[("README.md", b"x")]).await;
    for never in [&waited, &unconfirmed] {
        let (status, refused) = past(&world, never, PASSWORD).await;
        assert_eq!((status, &refused["code"]), (502, &json!("secret_unreadable")), "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("never in force here"), "{refused}");
    }
    for (commit, value) in [(&confirmed, "second"), (&third, "third"), (&head(), "third")] {
        let (_, answer) = past(&world, commit, PASSWORD).await;
        assert_eq!(answer["credentials"][0]["secret_at"]["value"], value, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_has_its_own_history_alone() {
    let (world, team, recipient) = sources::world().await;
    let policy = DEPLOY.replace("shop/**", "{ secret: \"**\", history: allow }");
    put(&team.path().join("policies/deploy.yaml"), policy.as_bytes());
    put(&team.path().join("secrets/past.age"), &encrypt(b"old", std::slice::from_ref(&recipient), true).unwrap());
    commit(team.path());
    let old = git(team.path(), &["rev-parse", "HEAD"]);
    git(team.path(), &["rm", "--quiet", "secrets/past.age"]);
    commit(team.path());
    define(&world, team.path(), TEAM).await;
    live(&world, team.path()).await;
    let (status, answer) = past(&world, &old, "team-a/past.age").await;
    assert_eq!((status, &answer["credentials"][0]["secret_at"]["value"]), (200, &json!("old")), "{answer}");
    // The root's commits and secrets are not the team's.
    let root = git(&world.path("access"), &["rev-parse", "HEAD"]);
    assert_eq!(past(&world, &root, "team-a/past.age").await.1["code"], "commit_refused");
    assert_eq!(past(&world, &root, "shop/password.age").await.1["code"], "no_matching_policy");
}

/// Somebody who may push a branch but not merge could otherwise copy a ciphertext under a grant and delete it again. The merge would not
/// show it.
#[tokio::test(flavor = "multi_thread")]
async fn commits_of_a_merged_branch_are_not_released() {
    let (world, old) = changed(Setup::default()).await;
    let repository = world.path("access");
    git(&repository, &["checkout", "--quiet", "-b", "side"]);
    put(&repository.join("secrets/shop/past/stolen.age"), &std::fs::read(repository.join("secrets/shop/password.age")).unwrap());
    commit(&repository);
    let planted = git(&repository, &["rev-parse", "HEAD"]);
    git(&repository, &["rm", "--quiet", "secrets/shop/past/stolen.age"]);
    commit(&repository);
    git(&repository, &["checkout", "--quiet", "main"]);
    let person = ["-c", "user.name=t", "-c", "user.email=t@t.example"];
    git(&repository, &[&person[..], &["merge", "--quiet", "--no-ff", "-m", "x", "side"]].concat());
    let merged = git(&repository, &["rev-parse", "HEAD"]);
    world.until("the merge", |ready| ready["revision"] == merged.as_str()).await;
    let (status, refused) = past(&world, &planted, "shop/past/stolen.age").await;
    assert_eq!((status, &refused["code"]), (403, &json!("commit_refused")), "{refused}");
    for (commit, value) in [(&old, "first"), (&merged, "second")] {
        assert_eq!(past(&world, commit, PASSWORD).await.1["credentials"][0]["secret_at"]["value"], value);
    }
}
