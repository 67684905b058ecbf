//! The Vault API, as a plain client uses it: sessions, reads, lists, and refusals.

use crate::support::{DEPLOY, START_MAX, Setup, World};
use daypass::demo::issuer::github_claims;
use daypass::words::names::SecretPath;
use daypass::words::{Clock, SystemClock, UnixTime};
use serde_json::{Value, json};

const READER: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { secrets: [other/one.age] }
replay: once
";

/// A world with a document of several values, and one that nobody may read.
pub async fn world() -> World {
    let world = World::start(Setup { policies: policies(), ..Setup::default() }).await;
    let document = sealed(&world, "shop/db.yaml", b"password: hunter2\nport: 5432\n");
    let hidden = sealed(&world, "hidden/db.yaml", b"password: hidden\n");
    let one = daypass::secrets::encrypt(b"once", std::slice::from_ref(&world.recipient), false).unwrap();
    let files: [(&str, &[u8]); 3] =
        [("secrets/shop/db.yaml", &document), ("secrets/hidden/db.yaml", &hidden), ("secrets/other/one.age", &one)];
    world.commit_and_wait(&files).await;
    world
}

fn policies() -> Vec<(&'static str, String)> {
    vec![("shop/deploy", DEPLOY.to_owned()), ("shop/once", READER.to_owned())]
}

pub fn sealed(world: &World, path: &str, plaintext: &[u8]) -> Vec<u8> {
    sealed_to(&world.recipient, path, plaintext)
}

/// The same for another recipient.
pub fn sealed_to(recipient: &String, path: &str, plaintext: &[u8]) -> Vec<u8> {
    let (path, recipients) = (SecretPath::parse(path).unwrap(), std::slice::from_ref(recipient));
    daypass::secrets::encrypt_document(&path, plaintext, recipients, UnixTime::from_seconds(1_800_000_000)).unwrap()
}

pub async fn call(world: &World, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = world.http.request(method.parse().unwrap(), world.url(&format!("/vault/v1/{path}")));
    if !token.is_empty() {
        request = request.header("X-Vault-Token", token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

pub async fn login(world: &World, token: &str, role: &str) -> (u16, Value) {
    call(world, "POST", "auth/jwt/login", "", Some(json!({ "role": role, "jwt": token }))).await
}

pub async fn session(world: &World, role: &str) -> String {
    let (status, answer) = login(world, &world.token(), role).await;
    assert_eq!(status, 200, "{answer}");
    answer["auth"]["client_token"].as_str().unwrap().to_owned()
}

/// Calls the API from another address of this machine.
pub fn elsewhere(world: &World, path: &str, more: &[&str]) -> Value {
    let mut command = std::process::Command::new("curl");
    command.args(["--silent", "--interface", "127.0.0.2", "--cacert"]).arg(world.path("tls.crt")).args(more);
    let output = command.arg(format!("https://127.0.0.1:{}/vault/v1/{path}", world.port)).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

pub fn error(answer: &Value) -> &str {
    answer["errors"][0].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_reads_repeatedly_lists_what_is_granted_and_can_be_revoked() {
    let mut world = world().await;
    let token = world.token();
    let (status, answer) = login(&world, &token, "shop/deploy").await;
    let auth = &answer["auth"];
    assert_eq!((status, &auth["token_type"], &auth["renewable"]), (200, &json!("batch"), &json!(false)), "{answer}");
    assert!(auth["lease_duration"].as_u64().unwrap() <= 300 && auth["policies"] == json!(["shop/deploy"]), "{answer}");
    assert_eq!(
        login(&world, &token, "shop/deploy").await.1["auth"]["client_token"],
        auth["client_token"],
        "a retry gets the same answer"
    );
    let session = auth["client_token"].as_str().unwrap();
    assert!(!session.contains(token.split('.').nth(1).unwrap()), "the token is not in it");
    for _ in 0..3 {
        let (status, answer) = call(&world, "GET", "secret/data/shop/db", session, None).await;
        assert_eq!((status, &answer["data"]["data"]), (200, &json!({"password": "hunter2", "port": 5432})), "{answer}");
    }
    let (_, one) = call(&world, "GET", "kv/data/shop/db.yaml%23/password?version=1", session, None).await;
    assert_eq!(one["data"]["data"], json!({"password": "hunter2"}));
    assert_eq!(one["data"]["metadata"]["version"], 1);
    let (_, age) = call(&world, "GET", "kv/data/shop/password", session, None).await;
    assert_eq!(age["data"]["data"], json!({"value": "hunter2"}));
    let (_, listed) = call(&world, "LIST", "secret/metadata", session, None).await;
    assert_eq!(listed["data"]["keys"], json!(["shop/"]), "nothing that is not granted");
    let (_, listed) = call(&world, "GET", "secret/metadata/shop?list=true", session, None).await;
    assert_eq!(listed["data"]["keys"], json!(["db.yaml", "password.age"]));
    assert_eq!(call(&world, "GET", "secret/metadata/shop/db", session, None).await.0, 200);
    let (_, mine) = call(&world, "GET", "auth/token/lookup-self", session, None).await;
    assert_eq!((&mine["data"]["type"], &mine["data"]["accessor"]), (&json!("batch"), &answer["request_id"]), "{mine}");
    assert!(error(&call(&world, "PUT", "auth/token/renew-self", session, None).await.1).contains("batch"));
    world.kill_and_restart().await;
    assert_eq!(call(&world, "GET", "secret/data/shop/db", session, None).await.0, 200, "the key is a row of the store");
    assert_eq!(call(&world, "POST", "auth/token/revoke-self", session, None).await.0, 204);
    world.kill_and_restart().await;
    let (status, refused) = call(&world, "GET", "secret/data/shop/db", session, None).await;
    assert!(status == 403 && error(&refused).starts_with("session_refused: "), "{status} {refused}");
    assert_eq!(world.audit().pop().unwrap().body["issuer"], "github", "a session that was revoked is still of its issuer");
    assert_eq!(call(&world, "GET", "auth/token/lookup-self", session, None).await.0, 403);
    let reads: Vec<_> = world.audit().into_iter().filter(|entry| !entry.body["in_session"].is_null()).collect();
    assert_eq!(reads.iter().filter(|entry| entry.kind == "released").count(), 6);
    assert!(reads.iter().all(|entry| entry.body["in_session"] == answer["request_id"] && entry.body["api"] == "vault"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_proves_an_identity_and_grants_nothing_itself() {
    let world = world().await;
    let session = session(&world, "").await;
    assert_eq!(call(&world, "GET", "secret/data/shop/db", &session, None).await.0, 200);
    let (status, refused) = call(&world, "GET", "secret/data/hidden/db", &session, None).await;
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
    assert_eq!((status, &record.body["reason"]), (403, &json!("no_matching_policy")));
    for part in ["no_matching_policy: ", "Show the decision id to the operator", &record.decision.unwrap()] {
        assert!(error(&refused).contains(part), "{part}: {refused}");
    }
    let (absent, granted_and_absent) = ("secret/data/hidden/not-there", "secret/data/shop/not-there");
    assert_eq!(call(&world, "GET", absent, &session, None).await.0, 403, "404 tells nothing of what is not granted");
    assert_eq!(call(&world, "GET", granted_and_absent, &session, None).await.0, 404);
    assert_eq!(call(&world, "GET", "secret/metadata/hidden/db", &session, None).await.0, 403);
    let deeper = sealed(&world, "shop/eu/db.yaml", b"password: hunter2\n");
    world.commit_and_wait(&[("secrets/shop/eu/db.yaml", &deeper)]).await;
    assert_eq!(call(&world, "GET", "secret/metadata/shop/eu/db", &session, None).await.0, 200);
    assert_eq!(call(&world, "GET", "secret/metadata/shop/eu", &session, None).await.0, 404, "a folder has no metadata");
    assert_eq!(
        call(&world, "LIST", "secret/metadata/shop/eu/db.yaml", &session, None).await.0,
        403,
        "nothing is below a document"
    );
    assert_eq!(call(&world, "LIST", "secret/metadata/hidden", &session, None).await.0, 403);
    let narrower = DEPLOY.replace("refs/heads/main", "refs/heads/release");
    world.commit_and_wait(&[("policies/shop/deploy.yaml", narrower.as_bytes())]).await;
    assert_eq!(call(&world, "GET", "secret/data/shop/db", &session, None).await.0, 403, "the revision in force decides");
    assert_eq!(login(&world, &world.token(), "shop/deploy").await.0, 403, "a login needs a policy for the identity");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_uses_the_token_and_its_session_is_bound_to_the_client() {
    let world = world().await;
    let token = world.token();
    let (_, begun) = login(&world, &token, "shop/deploy").await;
    let session = begun["auth"]["client_token"].as_str().unwrap().to_owned();
    let body = json!({ "role": "shop/deploy", "jwt": token }).to_string();
    let again = elsewhere(&world, "auth/jwt/login", &["--data", &body]);
    assert!(error(&again).starts_with("replayed: "), "{again}");
    for _ in 0..2 {
        let stolen = elsewhere(&world, "secret/data/shop/db", &["--header", &format!("X-Vault-Token: {session}")]);
        assert!(error(&stolen).starts_with("session_refused: "), "{stolen}");
        assert_eq!(call(&world, "GET", "secret/data/shop/db", &session, None).await.0, 200);
    }
    let (status, native) = world.exchange(&token, json!([{"secret": "shop/db.yaml"}])).await;
    assert_eq!((status, &native["code"]), (403, &json!("replayed")), "the session used it, so the token cannot");
    assert_eq!(call(&world, "GET", "secret/data/other/one", &session, None).await.0, 403, "the session is for one policy");
    let decision = begun["request_id"].as_str().unwrap();
    let revoked = world.job("push", &["revoke", decision, "--reason", "INC-42", "--config", "daypass.yaml"], &[]).await;
    assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
    assert_eq!(call(&world, "GET", "secret/data/shop/db", &session, None).await.0, 403, "an operator's revocation ends it");
    assert!(error(&login(&world, &token, "shop/deploy").await.1).starts_with("replayed: "), "nor is its login repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pods_token_can_log_in_again_and_its_session_is_not_bound_to_a_client() {
    let issuers = "  - { name: pods, mapping: kubernetes, issuer: \"{issuer}\", audiences: [\"https://pods.example\"], addresses: [127.0.0.0/8] }\n";
    let policy = "issuer: pods\nmatch: { namespace: shop, service_account: web@u-1 }\ngrant: { secrets: [shop/**] }\n";
    let policies = vec![("shop_web", policy.to_owned())];
    let world = World::start(Setup { policies, issuers: issuers.to_owned(), ..Setup::default() }).await;
    let claims = json!({ "sub": "system:serviceaccount:shop:web", "jti": "one",
        "kubernetes.io": { "namespace": "shop", "serviceaccount": { "name": "web", "uid": "u-1" }, "pod": { "name": "web-0", "uid": "u-2" } } });
    let token = world.issuer.mint(claims.as_object().unwrap(), "https://pods.example").unwrap();
    let login = || call(&world, "PUT", "auth/kubernetes/login", "", Some(json!({ "role": "shop_web", "jwt": token })));
    let (_, first) = login().await;
    let (status, second) = login().await;
    assert_eq!(status, 200, "{second}");
    let [first, second] = [first, second].map(|answer| answer["auth"]["client_token"].as_str().unwrap().to_owned());
    assert_ne!(first, second, "each login is one of its own");
    assert_eq!(call(&world, "POST", "auth/token/revoke-self", &first, None).await.0, 204);
    let read = elsewhere(&world, "secret/data/shop/password", &["--header", &format!("X-Vault-Token: {second}")]);
    assert_eq!(read["data"]["data"]["value"], "hunter2", "{read}");
    let refused = call(&world, "GET", "secret/data/shop/password", &first, None).await.1;
    assert!(error(&refused).starts_with("session_refused: "), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_reads_at_once_in_one_session_are_all_answered() {
    let world = std::sync::Arc::new(world().await);
    let session = session(&world, "shop/deploy").await;
    let reads = (0..16).map(|_| {
        let (world, session) = (world.clone(), session.clone());
        tokio::spawn(async move { call(&world, "GET", "secret/data/shop/db", &session, None).await.0 })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.unwrap(), 200);
    }
    let released = world.audit().into_iter().filter(|entry| entry.kind == "released" && !entry.body["in_session"].is_null());
    assert_eq!(released.count(), 16, "each is decided and recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_once_counts_the_token_with_and_without_a_session() {
    let world = world().await;
    let token = world.token();
    let (_, begun) = login(&world, &token, "").await;
    let session = begun["auth"]["client_token"].as_str().unwrap();
    assert_eq!(call(&world, "GET", "secret/data/other/one", session, None).await.0, 200);
    let (_, again) = call(&world, "GET", "secret/data/other/one", session, None).await;
    assert!(error(&again).starts_with("replayed: "), "{again}");
    let (status, native) = world.exchange(&token, json!([{"secret": "other/one.age"}])).await;
    assert_eq!((status, &native["code"]), (403, &json!("replayed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn inline_logins_work_and_every_refusal_has_vaults_form() {
    let world = world().await;
    let parameter = |key: &str, value: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({ "key": key, "value": value }).to_string())
    };
    let inline = |token: String| {
        let request = world.http.get(world.url("/vault/v1/secret/data/shop/db"));
        let request = request.header("X-Vault-Inline-Auth-Path", "auth/kubernetes/login");
        let request = request.header("X-Vault-Inline-Auth-Parameter-jwt", parameter("jwt", &token));
        request.header("X-Vault-Inline-Auth-Parameter-role", parameter("role", "shop/deploy")).send()
    };
    let answer: Value = inline(world.token()).await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["data"]["password"], "hunter2", "{answer}");
    let pull = world.token_with(github_claims("pull_request", "refs/pull/7/merge"));
    let refused = inline(pull.clone()).await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
    assert!(error(&refused.json().await.unwrap()).starts_with("no_matching_policy: "));
    let failed = inline("a.b.c".to_owned()).await.unwrap();
    assert_eq!((failed.status().as_u16(), &failed.headers()["x-vault-inline-auth-failed"]), (403, &"true".parse().unwrap()));
    let session = session(&world, "shop/deploy").await;
    let changed = format!("{}A", &session[..session.len() - 1]);
    let changed = if changed == session { format!("{}B", &session[..session.len() - 1]) } else { changed };
    let cases = [
        ("GET", "secret/data/shop/db", "", 403, "token_missing"),
        ("GET", "secret/data/shop/db", "hvs.CAESI", 403, "session_refused"),
        ("GET", "secret/data/shop/db", &changed, 403, "session_refused"),
        ("GET", "secret/data/shop/db", pull.as_str(), 403, "session_refused"),
        ("GET", "secret/data/shop%2Fdb", &session, 400, "bad_request"),
        ("POST", "secret/data/shop/db", &session, 400, "bad_request"),
        ("GET", "secret/data/sh\u{43e}p/db", &session, 400, "bad_request"),
        ("POST", "auth/token/create", &session, 400, "bad_request"),
        ("GET", "aws/creds/shop/deploy?ttl=12h", &session, 400, "bad_request"),
        ("GET", "aws/creds/shop/once", &session, 403, "no_matching_policy"),
    ];
    for (method, path, token, status, code) in cases {
        let (got, answer) = call(&world, method, path, token, None).await;
        assert!(got == status && error(&answer).starts_with(code), "{method} {path}: {got} {answer}");
        assert!(error(&answer).contains("(decision "), "{answer}");
    }
    for (name, value) in [("X-Vault-Wrap-TTL", "60s"), ("X-Vault-Namespace", "team-a")] {
        let request = world.http.get(world.url("/vault/v1/secret/data/shop/db")).header("X-Vault-Token", &session);
        assert_eq!(request.header(name, value).send().await.unwrap().status().as_u16(), 400, "{name}");
    }
    let large = call(&world, "POST", "auth/jwt/login", "", Some(json!({ "jwt": "x".repeat(100_000) }))).await;
    assert_eq!(large.0, 413);
    assert_eq!(call(&world, "GET", "sys/health", "", None).await.0, 200);
    assert_eq!(call(&world, "GET", "sys/seal-status", "", None).await.1["sealed"], false);
}

const LASTING: &str = "  - { name: lasting, mapping: github-actions, issuer: \"{issuer}\", audiences: [\"https://lasting.example\"], addresses: [127.0.0.0/8], jwks: { file: lasting.jwks }, session_max: 30m }\n";
const LASTS: &str = "issuer: lasting
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
session: { ttl: 20m }
grant: { secrets: [shop/**], aws: [{ role: \"arn:aws:iam::123456789012:role/deploy\" }] }
";
/// How many seconds its token is still valid, for the login.
const TOKEN_LEFT: i64 = 10;

/// A world whose sessions outlive their tokens, a token that expires soon, and its time of expiry.
async fn lasting_world(sts: &crate::sts::StandInSts) -> (World, String, i64) {
    let once = LASTS.replace("shop/**", "other/one.age").replace("session:", "replay: once\nsession:");
    let brief = LASTS.replace("shop/**", "brief/one.age").replace("session: { ttl: 20m }\n", "");
    let policies = vec![("shop/lasts", LASTS.to_owned()), ("once", once), ("brief", brief)];
    let files = vec![("lasting.jwks", b"{}".to_vec())];
    let setup = Setup { policies, issuers: LASTING.to_owned(), aws: sts.section(), files, ..Setup::default() };
    let world = World::start(setup).await;
    std::fs::write(world.path("lasting.jwks"), world.issuer.jwks().to_string()).unwrap();
    let sealed = |text: &[u8]| daypass::secrets::encrypt(text, std::slice::from_ref(&world.recipient), false).unwrap();
    let (one, two) = (sealed(b"once"), sealed(b"brief"));
    world.commit_and_wait(&[("secrets/other/one.age", &one), ("secrets/brief/one.age", &two)]).await;
    let ends = SystemClock.now().seconds() + TOKEN_LEFT;
    let mut claims = github_claims("push", "refs/heads/main");
    claims.insert("exp".to_owned(), ends.into());
    let token = world.issuer.mint(&claims, "https://lasting.example").unwrap();
    (world, token, ends)
}

async fn until_after(second: i64) {
    while SystemClock.now().seconds() <= second {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn read(world: &World, path: &str, session: &str) -> String {
    let (status, answer) = call(world, "GET", path, session, None).await;
    if status == 200 { "read".to_owned() } else { error(&answer).split(':').next().unwrap().to_owned() }
}

/// Runs an operator's command, which has to succeed.
async fn operate(world: &World, arguments: &[&str]) -> String {
    let config = world.path("daypass.yaml").display().to_string();
    let output = world.job("push", &[arguments, &["--config", &config]].concat(), &[]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_outlives_its_token_for_secrets_alone_for_one_client_and_by_its_policy() {
    let sts = crate::sts::StandInSts::start().await;
    let (world, token, ends) = lasting_world(&sts).await;
    let (status, begun) = login(&world, &token, "").await;
    let session = begun["auth"]["client_token"].as_str().unwrap_or_else(|| panic!("{status} {begun}")).to_owned();
    let lease = begun["auth"]["lease_duration"].as_u64().unwrap();
    assert!((1100..=1200).contains(&lease), "the policy's 20 minutes, not the issuer's 30: {begun}");
    for path in ["secret/data/brief/one", "aws/creds/shop/lasts"] {
        let outcome = read(&world, path, &session).await;
        assert!(outcome == "read" || SystemClock.now().seconds() >= ends, "{path} while its token lasts: {outcome}");
    }
    until_after(ends).await;
    let (secret, count) = ("secret/data/shop/password", sts.asked().len());
    assert_eq!(read(&world, secret, &session).await, "read");
    assert_eq!(call(&world, "LIST", "secret/metadata/shop", &session, None).await.0, 200);
    assert_eq!(
        read(&world, "aws/creds/shop/lasts", &session).await,
        "session_refused",
        "an AWS session would outlive the token even longer"
    );
    assert_eq!(sts.asked().len(), count, "and AWS is not asked");
    assert_eq!(read(&world, "secret/data/brief/one", &session).await, "session_refused", "its policy says nothing of sessions");
    let stolen = elsewhere(&world, secret, &["--header", &format!("X-Vault-Token: {session}")]);
    assert!(error(&stolen).starts_with("session_refused: "), "{stolen}");
    let uses: Vec<_> = world.audit().into_iter().filter(|entry| entry.body["token_ended"] == true).collect();
    assert_eq!(uses.iter().filter(|entry| entry.kind == "released").count(), 1, "{uses:?}");

    // Each use is decided again.
    for (policy, expected) in [
        (LASTS.replace("session: { ttl: 20m }\n", ""), "session_refused"),
        (LASTS.replace("20m", "5s"), "session_refused"),
        (LASTS.replace("20m", "30m"), "read"),
        (LASTS.replace("event: push", "event: manual"), "no_matching_policy"),
        (LASTS.to_owned(), "read"),
    ] {
        let files = [("policies/shop/lasts.yaml", policy.as_bytes())];
        world.commit_and_wait(&files).await;
        assert_eq!(read(&world, secret, &session).await, expected, "{policy}");
    }
    operate(&world, &["deny", "--issuer", "lasting", "--for", "1h", "--reason", "INC-42"]).await;
    assert_eq!(read(&world, secret, &session).await, "denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_outlives_its_token_shares_its_uses_and_ends_with_its_issuer() {
    let sts = crate::sts::StandInSts::start().await;
    let (mut world, token, ends) = lasting_world(&sts).await;
    let (_, begun) = login(&world, &token, "").await;
    let session = begun["auth"]["client_token"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    assert_eq!(read(&world, "secret/data/other/one", &session).await, "read");
    let (_, other) =
        login(&world, &world.issuer.mint(&github_claims("push", "refs/heads/main"), "https://lasting.example").unwrap(), "")
            .await;
    let revoked = other["auth"]["client_token"].as_str().unwrap_or_else(|| panic!("{other}")).to_owned();
    // Without its session the server would forget the token some 35 s after its end.
    until_after(ends + 36).await;
    let secret = "secret/data/shop/password";
    assert_eq!(read(&world, secret, &session).await, "read");
    assert_eq!(read(&world, "secret/data/other/one", &session).await, "replayed", "once, also after the token's end");
    operate(&world, &["revoke", other["request_id"].as_str().unwrap(), "--reason", "INC-42"]).await;
    assert_eq!(read(&world, secret, &revoked).await, "session_refused");
    world.kill_and_restart().await;
    assert_eq!(read(&world, secret, &session).await, "read", "a restart does not end it");

    // Another key replaces the issuer's key under the same name.
    let stranger = daypass::demo::issuer::LocalIssuer::start(std::sync::Arc::new(SystemClock)).await.unwrap();
    let held = world.issuer.jwks().to_string();
    for (keys, expected) in [(stranger.jwks().to_string(), "session_refused"), (held, "read")] {
        std::fs::write(world.path("lasting.jwks"), keys).unwrap();
        let started = std::time::Instant::now();
        while read(&world, secret, &session).await != expected {
            assert!(started.elapsed() < START_MAX, "not yet {expected}");
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    }
    let config = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    for (from, to) in [(", session_max: 30m", ""), ("name: lasting", "name: renamed")] {
        std::fs::write(world.path("daypass.yaml"), config.replace(from, to)).unwrap();
        world.kill_and_restart().await;
        assert_eq!(read(&world, secret, &session).await, "session_refused", "{from}");
    }
}

/// AWS may take seconds: a session that is revoked meanwhile gets nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_revoked_while_its_credential_is_made_gets_none() {
    let sts = crate::sts::StandInSts::start().await;
    let policy = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { aws: [ { role: arn:aws:iam::123456789012:role/slow } ] }
";
    let setup = Setup { policies: vec![("shop/slow", policy.to_owned())], aws: sts.section(), ..Setup::default() };
    let world = World::start(setup).await;
    // AWS answers after two seconds. On a busy machine the end may come after that.
    for _ in 0..10 {
        let (session, count) = (session(&world, "").await, sts.asked().len());
        let ending = async {
            crate::support::until("AWS is asked", async || sts.asked().len() > count).await;
            call(&world, "POST", "auth/token/revoke-self", &session, None).await
        };
        let ((status, answer), ended) = tokio::join!(call(&world, "GET", "aws/creds/shop/slow", &session, None), ending);
        assert_eq!(ended.0, 204, "{}", ended.1);
        if status != 200 {
            assert!(error(&answer).starts_with("session_refused"), "{answer}");
            let last = world.audit().pop().unwrap();
            assert!(last.kind != "released", "{last:?}");
            return;
        }
    }
    panic!("no session ended in time");
}
