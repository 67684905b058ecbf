//! One exchange behind every API: what one denies, all deny, and what one grants, all grant.

use crate::vault;
use daypass::demo::issuer::github_claims;
use serde_json::{Map, Value, json};

/// Whether the native API grants it.
async fn native(world: &crate::support::World, token: String, requested: Value) -> bool {
    world.exchange(&token, json!([requested])).await.0 == 200
}

async fn by_vault(world: &crate::support::World, token: String, path: &str) -> bool {
    let login = json!({ "jwt": token });
    let answer = world.http.post(world.url("/vault/v1/auth/ci/login")).json(&login).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let session = answer["auth"]["client_token"].as_str().unwrap_or("none").to_owned();
    let read = world.http.get(world.url(&format!("/vault/v1/kv/data/{path}"))).header("X-Vault-Token", session);
    read.send().await.unwrap().status().as_u16() == 200
}

async fn by_oauth(world: &crate::support::World, token: String, audience: &str) -> bool {
    let body = json!({ "grantType": "urn:ietf:params:oauth:grant-type:token-exchange", "subjectToken": token, "audience": audience,
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt" });
    world.http.post(world.url("/oauth2/token")).json(&body).send().await.unwrap().status().as_u16() == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_in_one_api_is_a_denial_in_all() {
    let world = vault::world().await;
    let fork = Map::from_iter([("repository_id".to_owned(), json!("999")), ("repository".to_owned(), json!("evil/shop"))]);
    let jobs = [
        github_claims("push", "refs/heads/main"),
        github_claims("push", "refs/heads/other"),
        github_claims("pull_request", "refs/pull/7/merge"),
        github_claims("push", "refs/heads/main").into_iter().chain(fork).collect(),
    ];
    let mut granted = Vec::new();
    for job in &jobs {
        let token = || world.token_with(job.clone());
        for path in ["shop/db.yaml", "shop/password.age", "other/one.age", "hidden/db.yaml"] {
            let one = native(&world, token(), json!({ "secret": path })).await;
            assert_eq!(one, by_vault(&world, token(), path).await, "{path} {job:?}");
            granted.push(one);
        }
        for audience in ["https://partner.example", "https://other.example"] {
            let one = native(&world, token(), json!({ "id_token": { "audience": audience } })).await;
            assert_eq!(one, by_oauth(&world, token(), audience).await, "{audience} {job:?}");
            granted.push(one);
        }
    }
    assert_eq!(granted.iter().filter(|one| **one).count(), 4, "the job on main, and no other: {granted:?}");
}
