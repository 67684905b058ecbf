//! Which requests count as one client. A token that one client used gets nothing for another.

use crate::sts::StandInSts;
use crate::support::{Setup, World, until};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::{Value, json};

const HERE: &str = "127.0.0.1";
pub const ELSEWHERE: &str = "127.0.0.2";
const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const SLOW: &str = "arn:aws:iam::123456789012:role/slow";
const UNTRUSTING: &str = "arn:aws:iam::123456789012:role/untrusting";

fn policy(lines: &str, grant: &str) -> String {
    format!(
        "issuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}\n{lines}grant: {grant}\n"
    )
}

async fn world(sts: &StandInSts, more: &str) -> World {
    let roles = format!("[{{ role: \"{ROLE}\" }}, {{ role: \"{SLOW}\" }}, {{ role: \"{UNTRUSTING}\" }}]");
    let policies = vec![
        ("deploy", policy("", &format!("{{ secrets: [own.yaml, shop/**], aws: {roles} }}"))),
        ("one", policy("", "{ aws: [{ role: \"arn:aws:iam::123456789012:role/one\" }] }")),
        ("once", policy("replay: once\n", "{ secrets: [once.yaml], aws: [{ role: \"arn:aws:iam::123456789012:role/once\" }] }")),
    ];
    let world = World::start(Setup { policies, aws: sts.section(), more: more.to_owned(), ..Setup::default() }).await;
    let sealed = |name: &str| {
        let recipients = std::slice::from_ref(&world.recipient);
        let path = SecretPath::parse(name).unwrap();
        let text = b"password: hunter2\nport: 5432\n";
        daypass::secrets::encrypt_document(&path, text, recipients, UnixTime::from_seconds(1_800_000_000)).unwrap()
    };
    let (own, once) = (sealed("own.yaml"), sealed("once.yaml"));
    world.commit_and_wait(&[("secrets/own.yaml", &own), ("secrets/once.yaml", &once)]).await;
    world
}

/// A POST of this JSON from an address of this machine.
async fn post(world: &World, from: &str, path: &str, token: &str, body: &Value) -> Value {
    let mut command = tokio::process::Command::new("curl");
    command.args(["--silent", "--interface", from, "--cacert"]).arg(world.path("tls.crt"));
    command.args(["--header", "Content-Type: application/json", "--data", &body.to_string()]);
    if !token.is_empty() {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let output = command.arg(format!("https://127.0.0.1:{}{path}", world.port)).output().await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

pub async fn ask(world: &World, from: &str, token: &str, requested: Value) -> Value {
    post(world, from, "/v1/exchange", token, &json!({ "credentials": [requested] })).await
}

/// The code of a refusal, or `released`.
fn outcome(answer: &Value) -> &str {
    if answer["credentials"].is_array() { "released" } else { answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_gets_nothing_elsewhere_whatever_it_asks() {
    let sts = StandInSts::start().await;
    let world = world(&sts, "").await;
    let token = world.token();
    let first = ask(&world, HERE, &token, json!({ "secret": "own.yaml#/password" })).await;
    assert_eq!(outcome(&first), "released", "{first}");
    let requests = [
        json!({ "secret": "own.yaml#/password" }),
        json!({ "secret": "own.yaml" }),
        json!({ "secret": "own.yaml#/port" }),
        json!({ "aws": { "role": ROLE } }),
    ];
    let mut outcomes = Vec::new();
    for requested in requests {
        outcomes.push(outcome(&ask(&world, ELSEWHERE, &token, requested).await).to_owned());
    }
    let login = post(&world, ELSEWHERE, "/vault/v1/auth/jwt/login", "", &json!({ "jwt": token, "role": "deploy" })).await;
    outcomes.push(login["errors"][0].as_str().unwrap_or("released").split(':').next().unwrap().to_owned());
    assert_eq!((outcomes, sts.asked().len()), (vec!["replayed".to_owned(); 5], 0));
    let refused: Vec<Value> = world.audit().into_iter().filter(|entry| entry.kind == "refused").map(|entry| entry.body).collect();
    for body in &refused {
        let both = (&body["client"], &body["first_use"]["client"], &body["first_use"]["decision"]);
        assert_eq!(both, (&json!(ELSEWHERE), &json!(HERE), &first["decision_id"]), "{body}");
    }
    assert_eq!(refused.len(), 5);
    assert!(world.metrics().await.contains("daypass_tokens_shown_elsewhere_total 5\n"));
    let config = world.path("daypass.yaml").display().to_string();
    let status = world.job("push", &["status", "--config", &config], &[]).await;
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("ALARM") && status.contains(ELSEWHERE) && status.contains(HERE), "{status}");
    for requested in [json!({ "secret": "own.yaml" }), json!({ "secret": "own.yaml#/port" }), json!({ "aws": { "role": ROLE } })]
    {
        assert_eq!(outcome(&ask(&world, HERE, &token, requested).await), "released", "its own client goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_simultaneous_clients_one_is_refused() {
    let sts = StandInSts::start().await;
    let world = std::sync::Arc::new(world(&sts, "").await);
    let token = world.token();
    let slow = tokio::spawn({
        let (world, token) = (world.clone(), token.clone());
        async move { ask(&world, HERE, &token, json!({ "aws": { "role": SLOW } })).await }
    });
    until("the first asks for its session", async || !sts.asked().is_empty()).await;
    let (same, other) = tokio::join!(
        ask(&world, HERE, &token, json!({ "secret": "own.yaml" })),
        ask(&world, ELSEWHERE, &token, json!({ "secret": "shop/password.age" })),
    );
    assert_eq!([outcome(&slow.await.unwrap()), outcome(&same), outcome(&other)], ["released", "released", "replayed"]);
    // A failed exchange binds the token to nobody.
    let token = world.token();
    assert_eq!(outcome(&ask(&world, HERE, &token, json!({ "aws": { "role": UNTRUSTING } })).await), "aws_denied");
    assert_eq!(outcome(&ask(&world, ELSEWHERE, &token, json!({ "secret": "own.yaml" })).await), "released");
    assert_eq!(outcome(&ask(&world, HERE, &token, json!({ "secret": "own.yaml#/port" })).await), "replayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_and_without_its_name_is_one_use() {
    let sts = StandInSts::start().await;
    let world = world(&sts, "").await;
    let token = world.token();
    let body = |requested: Value| json!({ "credentials": [requested], "policy": "one" });
    let first = post(&world, HERE, "/v1/exchange", &token, &body(json!({ "aws": {} }))).await;
    let named = json!({ "aws": { "role": "arn:aws:iam::123456789012:role/one" } });
    let second = post(&world, HERE, "/v1/exchange", &token, &body(named.clone())).await;
    assert_eq!((sts.asked().len(), &second["decision_id"]), (1, &first["decision_id"]), "one session: {second}");
    let both = json!({ "credentials": [{ "aws": {} }, named], "policy": "one" });
    let refused = post(&world, HERE, "/v1/exchange", &world.token(), &both).await;
    assert_eq!((sts.asked().len(), outcome(&refused)), (1, "bad_request"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_credentials_are_one_use_where_a_policy_says_once() {
    let sts = StandInSts::start().await;
    let world = world(&sts, "").await;
    let role = json!({ "aws": { "role": "arn:aws:iam::123456789012:role/once" } });
    let whole = json!({ "secret": "once.yaml" });
    let key = json!({ "secret": "once.yaml#/password" });
    let pairs = [(whole.clone(), key.clone()), (key, whole), (json!({ "aws": {} }), role.clone()), (role, json!({ "aws": {} }))];
    let mut outcomes = Vec::new();
    for (first, second) in pairs {
        let token = world.token();
        let body = |requested: Value| json!({ "credentials": [requested], "policy": "once" });
        for requested in [first, second] {
            outcomes.push(outcome(&post(&world, HERE, "/v1/exchange", &token, &body(requested)).await).to_owned());
        }
    }
    assert_eq!((outcomes, sts.asked().len()), (["released", "replayed"].repeat(4).into_iter().map(str::to_owned).collect(), 2));
    let body = json!({ "credentials": [{ "secret": "once.yaml#/password" }, { "secret": "once.yaml#/port" }] });
    let together = post(&world, HERE, "/v1/exchange", &world.token(), &body).await;
    assert_eq!(outcome(&together), "released", "one request is one use: {together}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_egress_pool_is_one_client_and_no_other_address_is() {
    let sts = StandInSts::start().await;
    let world = world(&sts, "egress: [ { name: nat-eu, networks: [127.0.0.0/29] } ]\n").await;
    let token = world.token();
    let requested = json!({ "secret": "own.yaml" });
    let first = ask(&world, HERE, &token, requested.clone()).await;
    let again = ask(&world, ELSEWHERE, &token, requested.clone()).await;
    assert_eq!((outcome(&again), &again["decision_id"]), ("released", &first["decision_id"]), "{again}");
    assert_eq!(outcome(&ask(&world, ELSEWHERE, &token, json!({ "secret": "own.yaml#/port" })).await), "released");
    assert_eq!(outcome(&ask(&world, "127.0.0.9", &token, requested).await), "replayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_whole_pod_is_bound_on_request() {
    let issuers = "  - { name: pods, mapping: kubernetes, issuer: \"{issuer}\", audiences: [\"https://pods.example\"], addresses: [127.0.0.0/8], bind: client }\n";
    let policy = "issuer: pods\nmatch: { namespace: shop, service_account: web@u-1 }\ngrant: { secrets: [shop/**] }\n";
    let policies = vec![("web", policy.to_owned())];
    let world = World::start(Setup { policies, issuers: issuers.to_owned(), ..Setup::default() }).await;
    let claims = json!({ "sub": "system:serviceaccount:shop:web", "jti": "one",
        "kubernetes.io": { "namespace": "shop", "serviceaccount": { "name": "web", "uid": "u-1" }, "pod": { "name": "web-0", "uid": "u-2" } } });
    let token = world.issuer.mint(claims.as_object().unwrap(), "https://pods.example").unwrap();
    let requested = json!({ "secret": "shop/password.age" });
    let decisions = [ask(&world, HERE, &token, requested.clone()).await, ask(&world, HERE, &token, requested.clone()).await];
    assert_ne!(decisions[0]["decision_id"], decisions[1]["decision_id"], "each is decided anew: {decisions:?}");
    assert_eq!(outcome(&ask(&world, ELSEWHERE, &token, requested).await), "replayed");
    let login = post(&world, HERE, "/vault/v1/auth/kubernetes/login", "", &json!({ "jwt": token, "role": "web" })).await;
    let session = login["auth"]["client_token"].as_str().unwrap_or_else(|| panic!("{login}"));
    let read = crate::vault::elsewhere(&world, "secret/data/shop/password", &["--header", &format!("X-Vault-Token: {session}")]);
    assert!(crate::vault::error(&read).starts_with("session_refused: "), "{read}");
}
