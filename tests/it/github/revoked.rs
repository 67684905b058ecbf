//! Tokens that the server has GitHub end: by the copy that a policy lets it keep, and those that are made and not released.

use super::AtGitHub;
use super::stand_in::Lie;
use crate::faults::disk::{fill, move_data, small_disk};
use crate::operate::daypass;
use crate::support::{Setup, World, until};
use serde_json::{Value, json};

const POLICY: &str = "owners: [team-shop]
issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  github:
    - { app: acme, repositories: [\"acme/site@2\"], permissions: { contents: write }, revocable: server }
    - { app: other, repositories: [\"acme/site@2\"], permissions: { contents: read } }
";

/// A server with two Apps, and the stand-in that it asks.
struct Scene {
    github: AtGitHub,
    world: World,
}

impl Scene {
    async fn start() -> Self {
        let github = AtGitHub::start(&[]).await;
        let section = github.section();
        let app = section.split_once("      - name: acme\n").unwrap().1;
        let setup = Setup {
            policies: vec![("acme/shop/bot", POLICY.to_owned())],
            more: format!("{section}      - name: other\n{app}"),
            files: github.files(),
            ..Setup::default()
        };
        Self { world: World::start(setup).await, github }
    }

    /// The decision of a token of this App.
    async fn granted(&self, app: &str) -> String {
        let (status, answer) = self.world.exchange(&self.world.token(), json!([{ "github": { "app": app } }])).await;
        assert_eq!(status, 200, "{answer}");
        answer["decision_id"].as_str().unwrap().to_owned()
    }

    async fn revoke(&self, decision: &str) -> (i32, Value) {
        let (status, output) = daypass(&self.world, &["revoke", decision, "--reason", "leaked", "--output", "json"]).await;
        (status, serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output}")))
    }

    fn left(&self) -> usize {
        self.github.stand_in.with(|world| world.tokens.values().filter(|revoked| !**revoked).count())
    }

    /// The bodies of the records of this kind.
    fn records(&self, kind: &str) -> Vec<Value> {
        self.world.audit().into_iter().filter(|entry| entry.kind == kind).map(|entry| entry.body).collect()
    }

    fn copies(&self) -> i64 {
        let store = rusqlite::Connection::open(self.world.path("data/daypass.sqlite")).unwrap();
        store.query_row("SELECT count(*) FROM kept_tokens", [], |row| row.get(0)).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_a_token_of_which_the_server_has_a_copy() {
    let mut scene = Scene::start().await;
    let decision = scene.granted("acme").await;
    assert_eq!((scene.left(), scene.copies()), (1, 1));
    scene.world.kill_and_restart().await;
    let (status, report) = scene.revoke(&decision).await;
    assert_eq!((status, &report["ended"]), (0, &json!([{ "provider": "github", "cause": null }])), "{report}");
    assert_eq!(report["lives_on"], json!([]), "nothing of it lives on");
    assert_eq!((scene.left(), scene.copies()), (0, 0));
    let ended = scene.records("ended");
    assert_eq!((ended.len(), &ended[0]["provider"], &ended[0]["cause"]), (1, &json!("github"), &Value::Null), "{ended:?}");
    assert_eq!(ended[0]["policies"], scene.records("released")[0]["policies"], "who may read the release may read it");
    let (status, report) = scene.revoke(&decision).await;
    assert_eq!((status, &report["ended"]), (0, &json!([])), "there is nothing more to end");
}

/// The store, its log and the server's log are searched for the token.
#[tokio::test(flavor = "multi_thread")]
async fn the_copy_is_sealed_and_made_only_where_the_policy_says_so() {
    let scene = Scene::start().await;
    scene.granted("acme").await;
    let other = scene.granted("other").await;
    assert_eq!((scene.left(), scene.copies()), (2, 1));
    let tokens: Vec<String> = scene.github.stand_in.with(|world| world.tokens.keys().cloned().collect());
    for file in ["data/daypass.sqlite", "data/daypass.sqlite-wal", "server.log"] {
        let bytes = String::from_utf8_lossy(&std::fs::read(scene.world.path(file)).unwrap()).into_owned();
        for token in &tokens {
            assert!(!bytes.contains(&token[token.len() - 20..]), "a token is in {file}");
        }
    }
    let (status, report) = scene.revoke(&other).await;
    assert_eq!((status, &report["ended"], scene.left()), (0, &json!([]), 2));
    assert!(report["lives_on"][0].as_str().unwrap().contains("revocable: server"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_github_does_not_end_keeps_its_copy() {
    let scene = Scene::start().await;
    let decision = scene.granted("acme").await;
    scene.github.stand_in.with(|world| world.lie = Some(Lie::Irrevocable));
    let (status, report) = scene.revoke(&decision).await;
    let cause = report["ended"][0]["cause"].as_str().unwrap();
    assert!(status == 69 && cause.contains("the token's revocation (500)"), "{report}");
    assert_eq!((scene.left(), scene.copies(), report["lives_on"].as_array().unwrap().len()), (1, 1, 1));
    assert!(scene.records("ended")[0]["cause"].as_str().unwrap().contains("500"));
    let (status, text) = daypass(&scene.world, &["revoke", &decision, "--reason", "leaked"]).await;
    assert!(status == 69 && text.contains("github has NOT ended the token") && text.contains("Run this command again"), "{text}");
    scene.github.stand_in.with(|world| world.lie = None);
    let (status, text) = daypass(&scene.world, &["revoke", &decision, "--reason", "leaked"]).await;
    assert!(status == 0 && text.contains("github has ended the token."), "{text}");
    assert_eq!((scene.left(), scene.copies()), (0, 0));
}

/// The rate limit is spent between the first token of the request and the second.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_beside_one_that_fails_is_not_left_behind() {
    let scene = Scene::start().await;
    // The installation of each App, the first token, and nothing for the second.
    scene.granted("other").await;
    scene.github.stand_in.with(|world| world.remaining = 2);
    let both = json!([{ "github": { "app": "acme" } }, { "github": { "app": "other" } }]);
    let (status, denial) = scene.world.exchange(&scene.world.token(), both).await;
    assert_eq!((status, denial["code"].as_str()), (503, Some("provider_unavailable")), "{denial}");
    assert_eq!(scene.github.stand_in.with(|world| world.tokens.len()), 2, "the first one was made");
    until("it has ended", async || scene.left() == 1).await;
    assert_eq!(scene.copies(), 0);
}

/// Not all of GitHub's servers know a token at once: one that answers 401 may be one of those.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_a_server_of_github_does_not_know_yet_is_ended_all_the_same() {
    let scene = Scene::start().await;
    let decision = scene.granted("acme").await;
    scene.github.stand_in.with(|world| world.unknown_for = 2);
    let (status, report) = scene.revoke(&decision).await;
    assert_eq!((status, &report["ended"][0]["cause"], scene.left()), (0, &Value::Null, 0), "{report}");
    scene.github.stand_in.with(|world| world.unknown_for = 2);
    let certificate = scene.github.folder.path().join("tls.crt").display().to_string();
    let words = ["exec", "--github", "other", "--", "true"];
    let done = scene.world.job("push", &words, &[("SSL_CERT_FILE", certificate.as_str())]).await;
    assert!(done.status.success() && scene.left() == 0, "{}", String::from_utf8_lossy(&done.stderr));
}

/// A 401 of a proxy, or of whatever else stands on the way, is no word of GitHub's.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_not_githubs_ends_no_token() {
    let scene = Scene::start().await;
    let decision = scene.granted("acme").await;
    scene.github.stand_in.with(|world| world.lie = Some(Lie::ProxyRefuses));
    let (status, report) = scene.revoke(&decision).await;
    assert!(status == 69 && report["ended"][0]["cause"].as_str().unwrap().contains("(401)"), "{report}");
    assert_eq!((scene.left(), scene.copies()), (1, 1));
}

/// Whoever can write to the store can exchange the copies of two decisions.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_ends_the_token_of_its_own_decision_alone() {
    let scene = Scene::start().await;
    let (first, second) = (scene.granted("acme").await, scene.granted("acme").await);
    let store = rusqlite::Connection::open(scene.world.path("data/daypass.sqlite")).unwrap();
    let swap = "UPDATE kept_tokens SET sealed = (SELECT other.sealed FROM kept_tokens AS other WHERE other.decision = ?2) WHERE decision = ?1";
    assert_eq!(store.execute(swap, [&first, &second]).unwrap(), 1);
    let (status, report) = scene.revoke(&first).await;
    assert!(status == 69 && report["ended"][0]["cause"].as_str().unwrap().contains("another decision"), "{report}");
    assert_eq!(scene.left(), 2);
    assert_eq!(store.execute("UPDATE kept_tokens SET provider = ?1", ["x".repeat(1_000_000)]).unwrap(), 2);
    let (status, report) = scene.revoke(&second).await;
    assert_eq!((status, &report["ended"][0]["provider"]), (69, &json!("unknown")), "{report}");
    assert!(scene.records("ended").iter().all(|body| body.to_string().len() < 1000));
}

/// Nobody asks the server for anything meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_deleted_once_its_token_has_ended() {
    let scene = Scene::start().await;
    scene.github.stand_in.with(|world| world.lie = Some(Lie::Brief));
    scene.granted("acme").await;
    assert_eq!(scene.copies(), 1);
    until("the copy is gone", async || scene.copies() == 0).await;
    assert_eq!(scene.records("ended"), Vec::<Value>::new(), "it ended by itself");
}

/// The operators' reserve is used up too, so that nothing can be recorded.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_keeps_no_token_alive() {
    let Some(disk) = small_disk("github::revoked::a_full_disk_keeps_no_token_alive") else { return };
    let mut scene = Scene::start().await;
    move_data(&mut scene.world, &disk).await;
    let decision = scene.granted("acme").await;
    fill(&disk);
    let others = json!([{ "github": { "app": "other" } }]);
    let mut granted = 0;
    while scene.world.exchange(&scene.world.token(), others.clone()).await.0 == 200 {
        granted += 1;
        assert!(granted < 10_000);
    }
    fill(&disk.join("data"));
    let before = scene.left();
    let (status, output) = daypass(&scene.world, &["revoke", &decision, "--reason", "leaked"]).await;
    assert_eq!((status, scene.left()), (69, before - 1), "{output}");
    assert!(output.contains("1 of 1 tokens have ended at their providers"), "{output}");
}
