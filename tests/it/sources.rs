//! Further sources of a running server: what they can and cannot reach, how they are added and removed, and signed commits.

mod confirmed;
mod faulty;

use crate::support::{DEPLOY, Setup, World, commit, git, put};
use daypass::secrets::{Identities, encrypt};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

pub(crate) const TEAM: &str = "git: {repository}
ref: refs/heads/main
interval: 1s
age_identities: [team-a.key]
allowed:
  issuers: [github]
  match: { repository: \"acme/*\" }
  grant: { id_token: [\"https://partner.example\"] }
";

/// A server that takes further sources, and the repository of one.
pub(crate) async fn world() -> (World, tempfile::TempDir, String) {
    world_with("").await
}

async fn world_with(root: &str) -> (World, tempfile::TempDir, String) {
    world_of(root, "", &DEPLOY.replace("partner.example", "root.example")).await
}

/// With more lines for the root source and for the configuration, and with this policy of the root's, called `root/deploy`.
pub(crate) async fn world_of(root: &str, more: &str, deploy: &str) -> (World, tempfile::TempDir, String) {
    let (identity, recipient) = Identities::generate();
    let setup = Setup {
        root: root.to_owned(),
        more: format!("age_identity_dir: keys\ncredentials_dir: credentials\n{more}"),
        files: vec![("keys/team-a.key", identity.expose().to_vec()), ("credentials/hook", b"hooked".to_vec())],
        policies: vec![("root/deploy", deploy.to_owned())],
        ..Setup::default()
    };
    let (world, team) = (World::start(setup).await, tempfile::tempdir().unwrap());
    git(team.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    put(&team.path().join("policies/deploy.yaml"), DEPLOY.replace("shop/**", "\"**\"").as_bytes());
    put(&team.path().join("secrets/db.age"), &encrypt(b"team", std::slice::from_ref(&recipient), true).unwrap());
    commit(team.path());
    (world, team, recipient)
}

pub(crate) async fn define(world: &World, team: &Path, definition: &str) -> Value {
    let text = definition.replace("{repository}", &team.display().to_string());
    world.commit_and_wait(&[("sources/team-a.yaml", text.as_bytes())]).await
}

pub(crate) async fn live(world: &World, team: &Path) {
    let head = git(team, &["rev-parse", "HEAD"]);
    world.until(&head, |ready| ready["sources"]["team-a"]["revision"] == head.as_str()).await;
}

async fn secret(world: &World, name: &str) -> (u16, Value) {
    world.exchange(&world.token(), json!([{ "secret": name }])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_added_isolated_and_removed() {
    let (world, team, _) = world().await;
    assert_eq!(secret(&world, "team-a/db.age").await.0, 403);
    define(&world, team.path(), TEAM).await;
    live(&world, team.path()).await;
    let (status, answer) = secret(&world, "team-a/db.age").await;
    assert_eq!((status, &answer["credentials"][0]["secret"]["value"]), (200, &json!("team")), "{answer}");
    assert_eq!(
        (&answer["policy"], &answer["policy_revision"]),
        (&json!("team-a/deploy"), &json!(git(team.path(), &["rev-parse", "HEAD"])))
    );

    for (foreign, why) in [("shop/password.age", 200), ("team-a/shop/password.age", 404), ("db.age", 403)] {
        assert_eq!(secret(&world, foreign).await.0, why, "{foreign}: the root's own policy opens the root's own secret");
    }
    // The source cannot open a copy of the root's ciphertext, because its identities are others.
    let copied = std::fs::read(world.path("access/secrets/shop/password.age")).unwrap();
    put(&team.path().join("secrets/stolen.age"), &copied);
    commit(team.path());
    live(&world, team.path()).await;
    let ready = world.until("the fault", |ready| ready["faults"].to_string().contains("secret_unreadable")).await;
    assert!(ready["faults"].to_string().contains("team-a:secrets/stolen.age"), "{ready}");
    assert_eq!(secret(&world, "team-a/stolen.age").await.0, 502);

    let token = world.exchange(&world.token(), json!([{ "id_token": { "audience": "https://partner.example" } }])).await;
    assert_eq!(token.0, 200, "{}", token.1);
    let claims = token.1["credentials"][0]["id_token"]["token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    use base64::Engine;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&claims).unwrap()["sub"], "team-a/deploy");

    // Narrower bounds take effect at once, and a removed source grants nothing.
    define(&world, team.path(), &TEAM.replace("acme/*", "acme/other-*")).await;
    assert_eq!(secret(&world, "team-a/db.age").await.0, 403);
    define(&world, team.path(), TEAM).await;
    assert_eq!(secret(&world, "team-a/db.age").await.0, 200);
    define(&world, team.path(), "git: [").await;
    assert_eq!(secret(&world, "team-a/db.age").await.0, 200, "a faulty definition keeps its last good form");
    git(&world.path("access"), &["rm", "--quiet", "-r", "sources"]);
    world.commit_and_wait(&[]).await;
    assert_eq!(secret(&world, "team-a/db.age").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_a_definition_are_reported() {
    let (world, team, _) = world().await;
    let cases = [
        (TEAM.replace("team-a.key", "../root.key"), "expected the name of a file"),
        (TEAM.replace("team-a.key", "nobody.key"), "nobody.key"),
        (TEAM.replace("issuers: [github]", "issuers: [gitlab]"), "no issuer `gitlab` is configured"),
        (TEAM.replace("grant: {", "grant: { secrets: [x],"), "leave `secrets` out"),
        (TEAM.replace("allowed:", "alowed:"), "unknown key `alowed`"),
    ];
    for (definition, expected) in cases {
        let ready = define(&world, team.path(), &definition).await;
        let faults = ready["faults"].to_string();
        assert!(faults.contains("sources/team-a.yaml") && faults.contains(expected), "{expected}: {faults}");
        assert!(ready["sources"]["team-a"].is_null());
    }
    world.commit_and_wait(&[("secrets/team-a/x.age", b"x")]).await;
    let ready = define(&world, team.path(), TEAM).await;
    assert!(ready["faults"].to_string().contains("has a folder secrets/team-a/"), "{ready}");
    assert!(ready["sources"]["team-a"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_triggers_its_own_source_alone_and_only_with_the_secret() {
    let (world, team, _) = world().await;
    define(&world, team.path(), &TEAM.replace("interval: 1s", "interval: 1h\nhook: { secret_file: hook }")).await;
    live(&world, team.path()).await;
    put(&team.path().join("policies/other.yaml"), DEPLOY.as_bytes());
    commit(team.path());
    let hook = |source: &str, secret: &str| {
        world.http.post(world.url(&format!("/hooks/git/{source}"))).header("X-Gitlab-Token", secret).body("{}").send()
    };
    for (source, secret) in [("team-a", "wrong"), ("team-b", "hooked"), ("root", "hooked"), ("team-a", "")] {
        let refused = hook(source, secret).await.unwrap();
        assert_eq!(refused.status(), 403, "{source}");
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "hook_refused");
    }
    assert_ne!(world.ready().await["sources"]["team-a"]["revision"], git(team.path(), &["rev-parse", "HEAD"]).as_str());
    assert_eq!(hook("team-a", "hooked").await.unwrap().status(), 202);
    live(&world, team.path()).await;
}

/// A person who signs commits.
struct Signer(tempfile::TempDir);

impl Signer {
    fn new() -> Self {
        let keys = tempfile::tempdir().unwrap();
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(keys.path().join("k"));
        assert!(command.status().unwrap().success());
        Self(keys)
    }

    /// Its line of an `allowed_signers` file.
    fn line(&self) -> String {
        format!("lea@acme.example {}", std::fs::read_to_string(self.0.path().join("k.pub")).unwrap())
    }

    /// Signs a commit of the current files. Returns its ID.
    fn commit(&self, repository: &Path, message: &str) -> String {
        let key = format!("user.signingkey={}", self.0.path().join("k").display());
        let settings = ["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "gpg.format=ssh", "-c", &key];
        git(repository, &["add", "--all"]);
        git(repository, &[&settings[..], &["commit", "--quiet", "--allow-empty", "-S", "-m", message]].concat());
        git(repository, &["rev-parse", "HEAD"])
    }
}

/// Somebody who may write the ref but not sign could point it at a signer's unmerged branch. With `trailer: true` the server does not
/// follow that.
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_head_without_the_required_trailer_is_not_followed() {
    let ((world, team, _), signer) = (world().await, Signer::new());
    let named = "x\n\nDaypass-Ref: refs/heads/main";
    signer.commit(team.path(), named);
    world.commit_and_wait(&[("sources/team-a.signers", signer.line().as_bytes())]).await;
    define(&world, team.path(), &format!("{TEAM}verify: {{ allowed_signers: team-a.signers, trailer: true }}\n")).await;
    live(&world, team.path()).await;
    let followed = world.ready().await["sources"]["team-a"].clone();
    assert_eq!((&followed["signer"], &followed["alarm"]), (&json!("lea@acme.example"), &Value::Null));
    let config = world.path("daypass.yaml").display().to_string();
    put(&team.path().join("policies/later.yaml"), DEPLOY.replace("shop/**", "\"**\"").as_bytes());
    for message in
        ["x", "x\n\nDaypass-Ref: refs/heads/change", "x Daypass-Ref: refs/heads/main\n\nmore", "Daypass-Ref: refs/heads/main"]
    {
        let head = signer.commit(team.path(), message);
        let why = format!("the commit {head} does not say `Daypass-Ref: refs/heads/main` in a trailer");
        let has_alarm = |ready: &Value| ready["sources"]["team-a"]["alarm"].as_str().is_some_and(|alarm| alarm.contains(&why));
        let ready = world.until(&why, has_alarm).await;
        assert_eq!(ready["sources"]["team-a"]["revision"], followed["revision"], "{message}: {ready}");
        let status = world.job("push", &["status", "--config", &config], &[]).await;
        let status = String::from_utf8(status.stdout).unwrap();
        assert!(status.contains(&format!("ALARM       {why}")), "{status}");
        let (code, answer) = secret(&world, "team-a/db.age").await;
        assert_eq!((code, &answer["policy_revision"]), (200, &followed["revision"]), "the last good revision stays");
    }
    signer.commit(team.path(), named);
    live(&world, team.path()).await;
    world.until("no alarm", |ready| ready["sources"]["team-a"]["alarm"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_signers_only_signed_commits_of_a_source_go_live() {
    let ((world, team, _), signer) = (world().await, Signer::new());
    let signed = || signer.commit(team.path(), "x");
    signed();
    world.commit_and_wait(&[("sources/team-a.signers", signer.line().as_bytes())]).await;
    define(&world, team.path(), &format!("{TEAM}verify: {{ allowed_signers: team-a.signers }}\n")).await;
    live(&world, team.path()).await;
    assert_eq!(world.ready().await["sources"]["team-a"]["signer"], "lea@acme.example");

    put(&team.path().join("policies/evil.yaml"), DEPLOY.as_bytes());
    commit(team.path());
    let unsigned = git(team.path(), &["rev-parse", "HEAD"]);
    let ready = world.until("the alarm", |ready| ready["alarm"].is_string()).await;
    assert!(
        ready["alarm"].as_str().unwrap().contains(&format!("the commit {unsigned} is not trusted: it is not signed")),
        "{ready}"
    );
    signed();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(
        world.ready().await["alarm"].as_str().unwrap().contains(&unsigned),
        "a signed commit on top does not make it trusted"
    );
    assert_eq!(secret(&world, "team-a/db.age").await.0, 200, "the last good revision stays");
    let head = git(team.path(), &["rev-parse", "HEAD"]);
    let accepted = Command::new(env!("CARGO_BIN_EXE_daypass"))
        .args(["accept", &head, "--source", "team-a", "--config"])
        .arg(world.path("daypass.yaml"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&accepted.stdout), "in force\n", "{}", String::from_utf8_lossy(&accepted.stderr));
}

/// A change of the bounds is held, and until it is confirmed both bounds apply, also if the next commit reverts it.
#[tokio::test(flavor = "multi_thread")]
async fn narrowed_bounds_are_not_widened_without_confirmation() {
    let (mut world, team, _) = world_with(", rollout: { widening: hold, narrowing: immediate }").await;
    define(&world, team.path(), TEAM).await;
    let confirm = async |world: &World| {
        let head = git(&world.path("access"), &["rev-parse", "HEAD"]);
        let config = world.path("daypass.yaml").display().to_string();
        let confirmed = world.job("push", &["confirm", &head, "--config", &config], &[]).await;
        assert!(confirmed.status.success(), "{confirmed:?}");
    };
    confirm(&world).await;
    live(&world, team.path()).await;
    assert_eq!(secret(&world, "team-a/db.age").await.0, 200);
    let narrow = TEAM.replace("acme/*", "acme/other");
    for (definition, restarted) in [(narrow.as_str(), false), (TEAM, false), (TEAM, true)] {
        if restarted {
            world.kill_and_restart().await;
            live(&world, team.path()).await;
        } else {
            define(&world, team.path(), definition).await;
        }
        assert_eq!(world.ready().await["held"], json!(["sources/team-a.yaml"]), "restarted: {restarted}");
        assert_eq!(secret(&world, "team-a/db.age").await.0, 403, "restarted: {restarted}");
    }
    confirm(&world).await;
    live(&world, team.path()).await;
    assert_eq!(secret(&world, "team-a/db.age").await.0, 200);
}
