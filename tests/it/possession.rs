//! Proof of possession (RFC 9449): a token that is bound to a key is worth nothing without it, on every API.

use crate::support::{DEPLOY, Setup, World};
use daypass::demo::issuer::github_claims;
use daypass::token::ProofKey;
use daypass::words::{Clock, SystemClock};
use serde_json::{Value, json};

/// Shows a token with this header, if any.
async fn shown(world: &World, token: &str, proof: Option<String>) -> (u16, Value) {
    let body = json!({ "credentials": [{ "secret": "shop/password.age" }] });
    let mut request = world.http.post(world.url("/v1/exchange")).bearer_auth(token).json(&body);
    if let Some(proof) = proof {
        request = request.header("DPoP", proof);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_refused_without_its_key_and_a_policy_may_want_one() {
    let wanting = DEPLOY.replace("issuer: github\n", "issuer: github\ndpop: required\n");
    let world = World::start(Setup { policies: vec![("shop/deploy", wanting)], ..Setup::default() }).await;
    let (key, thief) = (ProofKey::generate().unwrap(), ProofKey::generate().unwrap());
    let claims = github_claims("push", "refs/heads/main");
    let token = || world.issuer.mint(&claims, &key.bind(&world.url(""))).unwrap();
    let url = world.url("/v1/exchange");
    let proof = |key: &ProofKey, token: &str, id: &str| key.prove("POST", &url, token.as_bytes(), SystemClock.now(), id).ok();

    let leaked = token();
    assert_eq!(shown(&world, &leaked, None).await.1["code"], "proof_missing");
    assert_eq!(shown(&world, &leaked, proof(&thief, &leaked, "1")).await.1["code"], "proof_invalid");
    assert_eq!(shown(&world, &leaked, proof(&key, &token(), "1")).await.1["code"], "proof_invalid", "a proof is for one token");
    let (status, answer) = shown(&world, &leaked, proof(&key, &leaked, "1")).await;
    assert_eq!((status, &answer["credentials"][0]["secret"]["value"]), (200, &json!("hunter2")), "{answer}");
    assert_eq!(shown(&world, &leaked, proof(&key, &leaked, "2")).await.0, 200, "a retry of the same client");
    assert_eq!(shown(&world, &world.token(), None).await.1["code"], "proof_required");

    // The other APIs take no proof, and so no bound token.
    let form = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", "arn:aws:iam::123456789012:role/deploy"),
        ("RoleSessionName", "job"),
        ("WebIdentityToken", &token()),
    ]
    .map(|(name, value)| format!("{name}={}", value.replace(':', "%3A").replace('/', "%2F")))
    .join("&");
    let request = world.http.post(world.url("/aws/sts/")).header("content-type", "application/x-www-form-urlencoded").body(form);
    let refused = request.send().await.unwrap();
    assert!(refused.status() == 400 && refused.text().await.unwrap().contains("proof_missing"));

    // The client asks the CI for a bound token, and proves it, by itself.
    let output = world.job("push", &["secret", "get", "shop/password.age"], &[]).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "hunter2", "{}", String::from_utf8_lossy(&output.stderr));
}
