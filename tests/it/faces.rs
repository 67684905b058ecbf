//! Every API makes the same decision: what one denies, all deny, with the same code, hint and record.
//!
//! A new API is a row in `FACES`.

use crate::github::AtGitHub;
use crate::sts::{StandInSts, element, encode};
use crate::support::{Setup, World};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::demo::issuer::github_claims;
use serde_json::{Map, Value, json};
use std::pin::Pin;

/// What a client of an API gets.
#[derive(Debug)]
struct Response {
    released: bool,
    /// Everything in the answer that a client may show a person.
    message: String,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Response> + 'a>>;

/// An API: its name in the audit log, and how a test asks it for a role with a token.
struct Face {
    api: &'static str,
    /// Whether it is asked for a role. Else it is asked for an encryption with the transit key of the role's name, or, as octo-sts's
    /// clients do, for a token for the repository of that name. Neither has terms, and neither reaches AWS.
    roles: bool,
    ask: for<'a> fn(&'a World, &'a str, &'a str) -> Answer<'a>,
}

const FACES: [Face; 5] = [
    Face { api: "native", roles: true, ask: |world, token, role| Box::pin(native(world, token, role)) },
    Face { api: "aws-sts", roles: true, ask: |world, token, role| Box::pin(aws_sts(world, token, role)) },
    Face { api: "aws-container", roles: true, ask: |world, token, role| Box::pin(aws_container(world, token, role)) },
    Face { api: "octo-sts", roles: false, ask: |world, token, role| Box::pin(octo_sts(world, token, role)) },
    Face { api: "vault", roles: false, ask: |world, token, role| Box::pin(vault_transit(world, token, role)) },
];

async fn native(world: &World, token: &str, role: &str) -> Response {
    let (status, answer) = world.exchange(token, json!([{"aws": {"role": role}}])).await;
    Response {
        released: status == 200 && answer["credentials"][0]["aws"]["AccessKeyId"].is_string(),
        message: answer.to_string(),
    }
}

async fn aws_sts(world: &World, token: &str, role: &str) -> Response {
    let action = [("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15")];
    let parameters = [("RoleArn", role), ("RoleSessionName", "faces"), ("WebIdentityToken", token)];
    let request = world.http.post(world.url("/aws/sts/")).header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(encode(&[&action[..], &parameters].concat())).send().await.unwrap();
    let (released, document) = (response.status() == 200, response.text().await.unwrap());
    let text = if released { element(&document, "AccessKeyId") } else { element(&document, "Message") };
    Response { released, message: text }
}

async fn aws_container(world: &World, token: &str, role: &str) -> Response {
    let address = world.url(&format!("/aws/container?{}", encode(&[("role", role)])));
    let response = world.http.get(address).header("authorization", token).send().await.unwrap();
    let (status, answer): (_, Value) = (response.status(), response.json().await.unwrap());
    Response { released: status == 200 && answer["AccessKeyId"].is_string(), message: answer["message"].to_string() }
}

async fn octo_sts(world: &World, token: &str, role: &str) -> Response {
    let scope = format!("acme/{}", role.rsplit('/').next().unwrap());
    let address = world.url(&format!("/sts/exchange?{}", encode(&[("scope", &scope), ("identity", "ci")])));
    let response = world.http.get(address).bearer_auth(token).send().await.unwrap();
    let (status, answer): (_, Value) = (response.status(), response.json().await.unwrap());
    Response {
        released: status == 200 && answer["token"].as_str().is_some_and(|token| token.starts_with("ghs_")),
        message: answer["message"].to_string(),
    }
}

async fn vault_transit(world: &World, token: &str, role: &str) -> Response {
    let parameter = URL_SAFE_NO_PAD.encode(json!({ "key": "jwt", "value": token }).to_string());
    let address = world.url(&format!("/vault/v1/transit/encrypt/{}", role.rsplit('/').next().unwrap()));
    let request = world.http.put(address).header("X-Vault-Inline-Auth-Path", "auth/jwt/login");
    let request = request.header("X-Vault-Inline-Auth-Parameter-jwt", parameter).json(&json!({ "plaintext": "eA==" }));
    let response = request.send().await.unwrap();
    let (status, answer): (_, Value) = (response.status(), response.json().await.unwrap());
    Response { released: status == 200 && answer["data"]["ciphertext"].is_string(), message: answer["errors"].to_string() }
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

fn policy(lines: &str, role_name: &str, terms: &str) -> String {
    let role = role(role_name);
    format!(
        "issuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}\n{lines}grant:\n  transit: {role_name}\n  github: {{ app: acme, repositories: acme/{role_name}, permissions: {{ contents: read }} }}\n  aws:\n    - role: {role}\n{terms}"
    )
}

const GUARDRAILS: &str = "denials:
  - description: Nobody gets this one.
    deny: { aws: [\"arn:aws:iam::123456789012:role/guarded\"], transit: [guarded], github: [acme/guarded] }
";

async fn world(sts: &StandInSts, github: &AtGitHub) -> World {
    let policies = vec![
        ("acme/deploy/ci", policy("", "deploy", "")),
        ("acme/guarded/ci", policy("", "guarded", "")),
        ("acme/ended/ci", policy("expires: 2020-01-01T00:00:00Z\n", "ended", "")),
        ("acme/watched/ci", policy("mode: audit\n", "watched", "")),
        ("short", policy("", "ambiguous", "      ttl: 15m\n")),
        ("long", policy("", "ambiguous", "      ttl: 30m\n")),
        ("acme/tagged/ci", policy("", "tagged", "      tags: { environment: \"{environment}\" }\n")),
        ("acme/untrusting/ci", policy("", "untrusting", "")),
        ("acme/silent/ci", policy("", "silent", "")),
        ("acme/once/ci", policy("replay: once\n", "once", "")),
    ];
    let world =
        World::start(Setup { policies, aws: sts.section(), more: github.section(), files: github.files(), ..Setup::default() })
            .await;
    let key = daypass::secrets::create_transit_key(std::slice::from_ref(&world.recipient), None).unwrap();
    let keys = ["deploy", "guarded", "ended", "watched", "once"].map(|name| format!("transit/{name}/1.age"));
    let mut files: Vec<(&str, &[u8])> = keys.iter().map(|file| (file.as_str(), key.as_slice())).collect();
    files.push(("guardrails.yaml", GUARDRAILS.as_bytes()));
    world.commit_and_wait(&files).await;
    world
}

fn claims(change: Value) -> Map<String, Value> {
    let mut claims = github_claims("push", "refs/heads/main");
    claims.extend(change.as_object().unwrap().clone());
    claims
}

/// A refusal has its code, hint and decision, and a record with the reason. Records that name an API name this one.
fn check_refusal(world: &World, face: &Face, response: &Response, code: &str) {
    let reason = daypass::words::Reason::ALL.iter().find(|reason| reason.code() == code).unwrap();
    let text = response.message.replace(['`', '\\'], "");
    assert!(!response.released, "{}: {code}: {response:?}", face.api);
    assert!(text.contains(code), "{}: {code}: {response:?}", face.api);
    // The hint for a refusal of AWS names the actions that the role's trust policy has to allow.
    let hint = if code == "aws_denied" { "sts:AssumeRoleWithWebIdentity" } else { reason.hint() };
    // The hint's command names the decision's ID.
    for part in hint.replace('`', "").split("ID tells") {
        assert!(text.contains(part), "{}: {code}: {response:?}", face.api);
    }
    let records: Vec<_> = world
        .audit()
        .into_iter()
        .filter(|entry| entry.decision.as_ref().is_some_and(|decision| text.contains(decision.as_str())))
        .collect();
    let recorded = records.iter().filter(|entry| entry.body["reason"] == code).count();
    assert!(recorded >= 1, "{}: {code}: {records:?}", face.api);
    let apis: Vec<&Value> = records.iter().map(|entry| &entry.body["api"]).filter(|api| !api.is_null()).collect();
    assert!(!apis.is_empty() && apis.iter().all(|api| **api == face.api), "{}: {code}: {records:?}", face.api);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_api_denies_every_api_denies() {
    let sts = StandInSts::start().await;
    let github = AtGitHub::start(&["deploy", "once"]).await;
    let world = world(&sts, &github).await;
    let pull = || github_claims("pull_request", "refs/pull/7/merge");
    // Without a verified identity only 30 refusals a minute have a record of their own, so there are few such cases.
    let cases: Vec<(&str, Map<String, Value>, &str)> = vec![
        ("deploy", pull(), "no_matching_policy"),
        ("deploy", claims(json!({"ref": "refs/heads/mainx"})), "no_matching_policy"),
        ("deploy", claims(json!({"repository_id": "1"})), "claim_refused"),
        ("deploy", claims(json!({"aud": "sts.amazonaws.com"})), "audience_mismatch"),
        ("deploy", claims(json!({"exp": 1_600_000_000, "iat": 1_599_999_000})), "token_expired"),
        ("deploy", claims(json!({"iss": "https://token.actions.githubusercontent.com"})), "unknown_issuer"),
        ("unknown", claims(json!({})), "no_matching_policy"),
        ("guarded", claims(json!({})), "denied"),
        ("ended", claims(json!({})), "no_matching_policy"),
        ("watched", claims(json!({})), "no_matching_policy"),
        ("ambiguous", claims(json!({})), "policy_ambiguous"),
        ("tagged", claims(json!({})), "tag_refused"),
    ];
    for (name, claims, code) in &cases {
        let of_terms = matches!(*code, "policy_ambiguous" | "tag_refused");
        for face in FACES.iter().filter(|face| face.roles || !of_terms) {
            let response = (face.ask)(&world, &world.token_with(claims.clone()), &role(name)).await;
            check_refusal(&world, face, &response, code);
        }
    }
    assert!(sts.asked().is_empty(), "what is denied reaches no cloud");
    for (name, code) in [("untrusting", "aws_denied"), ("silent", "aws_unavailable")] {
        for face in FACES.iter().filter(|face| face.roles) {
            let response = (face.ask)(&world, &world.token(), &role(name)).await;
            check_refusal(&world, face, &response, code);
        }
    }
    for face in &FACES {
        let response = (face.ask)(&world, &world.token(), &role("deploy")).await;
        assert!(response.released, "{}: {response:?}", face.api);
    }
    let stopped = ["deny", "--policy", "acme/deploy/ci", "--reason", "INC-42", "--config"];
    let config = world.path("daypass.yaml").display().to_string();
    assert!(world.job("push", &[&stopped[..], &[&config]].concat(), &[]).await.status.success());
    for face in &FACES {
        let response = (face.ask)(&world, &world.token(), &role("deploy")).await;
        check_refusal(&world, face, &response, "denied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_one_api_used_up_is_used_up_in_every_api() {
    let sts = StandInSts::start().await;
    let github = AtGitHub::start(&["deploy", "once"]).await;
    let world = world(&sts, &github).await;
    for first in &FACES {
        let token = world.token();
        let response = (first.ask)(&world, &token, &role("once")).await;
        assert!(response.released, "{}: {response:?}", first.api);
        // Only the APIs that are asked for the same credential.
        for face in FACES.iter().filter(|face| face.api == first.api || (face.roles && first.roles)) {
            let response = (face.ask)(&world, &token, &role("once")).await;
            check_refusal(&world, face, &response, "replayed");
        }
    }
    assert_eq!(sts.asked().len(), FACES.iter().filter(|face| face.roles).count(), "one session a token");
}
