//! A restart does not change what is in force: each file keeps its version, whatever else is held or faulty.

use crate::support::{DEPLOY, Setup, World, git};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};

const HOLD: &str = ", rollout: { widening: hold, narrowing: immediate }";
const POLICY: &str = "policies/shop/deploy.yaml";
const RAILS: &str = "denials:
  - description: Nobody reads the shop's secrets.
    issuer: github
    match: { repository: acme/shop@456789 }
    deny: { secrets: [shop/**] }
";

async fn start(root: &str) -> World {
    World::start(Setup { root: root.to_owned(), ..Setup::default() }).await
}

fn narrower() -> String {
    DEPLOY.replace("  ref:", "  ref_protected: true\n  ref:")
}

fn faulty(text: &str) -> String {
    format!("{text}bogus: 1\n")
}

/// The answer to a job whose branch is protected or not: the status, and the code or the policy's commit.
async fn ask(world: &World, protected: &str, secret: &str) -> (u16, Value) {
    let mut claims = github_claims("push", "refs/heads/main");
    claims.insert("ref_protected".to_owned(), protected.into());
    let (status, answer) = world.exchange(&world.token_with(claims), json!([{ "secret": secret }])).await;
    (status, answer[if status == 200 { "policy_revision" } else { "code" }].clone())
}

async fn unprotected(world: &World) -> u16 {
    ask(world, "false", "shop/password.age").await.0
}

/// Commits a file that is held.
async fn something_waits(world: &World) {
    let sealed = daypass::secrets::encrypt(b"new", std::slice::from_ref(&world.recipient), false).unwrap();
    let ready = world.commit_and_wait(&[("secrets/shop/new.age", &sealed)]).await;
    assert_eq!(ready["held"], json!(["secrets/shop/new.age"]));
}

/// Restarts twice, because what a restart reads it also has to keep.
async fn restart(world: &mut World) {
    for _ in 0..2 {
        let before = world.ready().await;
        world.kill_and_restart().await;
        let after = world.ready().await;
        assert_eq!((&after["held"], &after["revision"]), (&before["held"], &before["revision"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_policy_stays_narrow_if_its_file_is_faulty_or_reverted() {
    let mut world = start(HOLD).await;
    something_waits(&world).await;
    assert_eq!(unprotected(&world).await, 200);
    world.commit_and_wait(&[(POLICY, narrower().as_bytes())]).await;
    let narrowed = git(&world.path("access"), &["rev-parse", "HEAD"]);
    assert_eq!(unprotected(&world).await, 403, "a permission decrease is never held");
    for next in [faulty(&narrower()), DEPLOY.to_owned()] {
        world.commit_and_wait(&[(POLICY, next.as_bytes())]).await;
        assert_eq!(unprotected(&world).await, 403);
        restart(&mut world).await;
        assert_eq!(unprotected(&world).await, 403, "after a restart beside {next}");
        let granted = ask(&world, "true", "shop/password.age").await;
        assert_eq!(granted, (200, json!(narrowed)), "the commit whose form grants is told as before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guardrails_that_came_with_a_held_file_keep_denying() {
    let mut world = start(HOLD).await;
    something_waits(&world).await;
    world.commit_and_wait(&[("guardrails.yaml", RAILS.as_bytes())]).await;
    assert_eq!(unprotected(&world).await, 403);
    for next in [faulty(RAILS), "denials: []\n".to_owned()] {
        world.commit_and_wait(&[("guardrails.yaml", next.as_bytes())]).await;
        assert_eq!(unprotected(&world).await, 403);
        restart(&mut world).await;
        assert_eq!(ask(&world, "false", "shop/password.age").await, (403, json!("denied")), "after a restart beside {next}");
    }
    git(&world.path("access"), &["rm", "--quiet", "guardrails.yaml"]);
    world.commit_and_wait(&[]).await;
    restart(&mut world).await;
    assert_eq!(ask(&world, "false", "shop/password.age").await, (403, json!("denied")), "after they were deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_deleted_and_restored_stays_held() {
    let mut world = start(HOLD).await;
    something_waits(&world).await;
    let sealed = std::fs::read(world.path("access/secrets/shop/password.age")).unwrap();
    git(&world.path("access"), &["rm", "--quiet", "secrets/shop/password.age"]);
    world.commit_and_wait(&[]).await;
    let ready = world.commit_and_wait(&[("secrets/shop/password.age", &sealed)]).await;
    assert_eq!(ready["held"], json!(["secrets/shop/new.age", "secrets/shop/password.age"]));
    restart(&mut world).await;
    assert_eq!(unprotected(&world).await, 502);
}

/// The last good version stays in force.
#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_file_keeps_its_last_good_version() {
    for root in ["", HOLD] {
        let mut world = start(root).await;
        let first = git(&world.path("access"), &["rev-parse", "HEAD"]);
        let spoilt = world.commit_and_wait(&[(POLICY, faulty(DEPLOY).as_bytes()), ("secrets/shop/password.age", b"x")]).await;
        assert_eq!(ask(&world, "false", "shop/password.age").await, (200, json!(first)), "{spoilt}");
        restart(&mut world).await;
        assert_eq!(ask(&world, "false", "shop/password.age").await, (200, json!(first)), "{root}");
        world.commit_and_wait(&[("guardrails.yaml", faulty(RAILS).as_bytes())]).await;
        restart(&mut world).await;
        assert_eq!(ask(&world, "false", "shop/password.age").await, (200, json!(first)), "{root}: beside faulty guardrails");
    }
}

/// A store with a commit but without the versions in force, or the other way round, does not say what was in force.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_of_the_versions_in_force_nothing_is_granted_until_a_commit_is_accepted() {
    let mut world = start(HOLD).await;
    for lost in ["high-water:root", "forms:root"] {
        world.stop();
        let store = rusqlite::Connection::open(world.path("data/daypass.sqlite")).unwrap();
        let value: Vec<u8> = store.query_row("SELECT value FROM settings WHERE name = ?1", [lost], |row| row.get(0)).unwrap();
        assert_eq!(store.execute("DELETE FROM settings WHERE name = ?1", [lost]).unwrap(), 1);
        drop(store);
        world.kill_and_restart().await;
        assert_eq!(ask(&world, "false", "shop/password.age").await, (503, json!("policy_unavailable")), "{lost}");
        if lost == "high-water:root" {
            let store = rusqlite::Connection::open(world.path("data/daypass.sqlite")).unwrap();
            store.execute("INSERT INTO settings (name, value) VALUES (?1, ?2)", rusqlite::params![lost, value]).unwrap();
        }
    }
    let head = git(&world.path("access"), &["rev-parse", "HEAD"]);
    let config = world.path("daypass.yaml").display().to_string();
    let status = world.job("push", &["status", "--config", &config], &[]).await;
    let stdout = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(stdout.contains(&format!("`daypass accept {head}`")), "{stdout}");
    let accepted = world.job("push", &["accept", &head, "--config", &config], &[]).await;
    assert!(accepted.status.success(), "{accepted:?}");
    assert_eq!(unprotected(&world).await, 200);
}

/// The guardrails in force load no more with a configuration that lacks an issuer: whoever has to correct that is told the line.
#[tokio::test(flavor = "multi_thread")]
async fn guardrails_that_load_no_more_are_told_by_their_line() {
    let issuers = "  - { name: pods, mapping: kubernetes, issuer: \"{issuer}\", audiences: [\"https://pods.example\"], addresses: [127.0.0.0/8] }\n";
    let mut world = World::start(Setup { issuers: issuers.to_owned(), ..Setup::default() }).await;
    let rails = RAILS.replace("shop/**", "other/**") + "  - { description: No pods., issuer: pods, deny: { secrets: ['**'] } }\n";
    world.commit_and_wait(&[("guardrails.yaml", rails.as_bytes())]).await;
    world.stop();
    let path = world.path("daypass.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let without: String = text.split_inclusive('\n').filter(|line| !line.contains("name: pods")).collect();
    std::fs::write(&path, without).unwrap();
    world.kill_and_restart().await;
    assert_eq!(ask(&world, "false", "shop/password.age").await, (503, json!("policy_unavailable")));
    let status = world.job("push", &["status", "--config", &path.display().to_string()], &[]).await;
    let stdout = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(stdout.contains("do not load any more: guardrails.yaml:6: ") && stdout.contains("`daypass accept "), "{stdout}");
    std::fs::write(&path, text).unwrap();
    world.kill_and_restart().await;
    assert_eq!(unprotected(&world).await, 200);
}

/// A single file must not end the server, also not at its start.
#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_is_a_fault_of_its_own_file_alone() {
    let mut world = World::start(Setup::default()).await;
    let nested = |depth: usize| (0..depth).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
    for depth in [17, 50, 63, 64, 200] {
        for file in ["policies/deep.yaml", "guardrails.yaml", "sources/deep.yaml", "secrets/deep.yaml"] {
            let ready = world.commit_and_wait(&[(file, nested(depth).as_bytes())]).await;
            assert!(ready["faults"].to_string().contains(file), "{file} {depth}: {ready}");
        }
    }
    world.kill_and_restart().await;
    assert!(world.ready().await["faults"].to_string().contains("nested deeper than 16"));
}
