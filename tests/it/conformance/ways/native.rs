//! The native API: a body for each kind, and the addresses that are of one kind.

use super::super::scene::Scene;
use super::Response;
use crate::file_keys::stanzas;
use crate::sts::encode;
use serde_json::{Value, json};

/// Where the native API's error has its code and its decision.
fn message(answer: &Value) -> Value {
    format!("{} {}", answer["code"], answer["decision_id"]).into()
}

/// Asks for one credential. The secrets are those members of the answer's part for its kind.
async fn exchange(scene: &Scene, token: &str, credential: Value, secrets: &[&str]) -> Response {
    let kind = credential.as_object().unwrap().keys().next().unwrap().clone();
    let (status, answer) = scene.world.exchange(token, json!([credential])).await;
    let part = &answer["credentials"][0][&kind];
    Response::of(status, part, secrets, &message(&answer))
}

async fn get(scene: &Scene, token: &str, path: &str, secrets: &[&str]) -> Response {
    let response = scene.world.http.get(scene.world.url(path)).bearer_auth(token).send().await.unwrap();
    let (status, answer): (_, Value) = (response.status().as_u16(), response.json().await.unwrap());
    Response::of(status, &answer, secrets, &message(&answer))
}

pub async fn aws(scene: &Scene, token: &str, role: &str) -> Response {
    exchange(scene, token, json!({ "aws": { "role": role } }), &["/SecretAccessKey", "/SessionToken"]).await
}

pub async fn secret(scene: &Scene, token: &str, name: &str) -> Response {
    exchange(scene, token, json!({ "secret": name }), &["/value"]).await
}

pub async fn secret_by_address(scene: &Scene, token: &str, name: &str) -> Response {
    get(scene, token, &format!("/v1/secrets/{name}"), &["/credentials/0/secret/value"]).await
}

pub async fn secret_at(scene: &Scene, token: &str, name: &str) -> Response {
    exchange(scene, token, json!({ "secret_at": { "commit": scene.commit, "secret": name } }), &["/value"]).await
}

pub async fn secret_at_by_address(scene: &Scene, token: &str, name: &str) -> Response {
    let path = format!("/v1/secrets/{name}?{}", encode(&[("commit", &scene.commit)]));
    get(scene, token, &path, &["/credentials/0/secret_at/value"]).await
}

pub async fn id_token(scene: &Scene, token: &str, audience: &str) -> Response {
    exchange(scene, token, json!({ "id_token": { "audience": audience } }), &["/token"]).await
}

pub async fn github(scene: &Scene, token: &str, repository: &str) -> Response {
    let wanted = json!({ "repositories": [repository], "permissions": { "contents": "read" } });
    exchange(scene, token, json!({ "github": wanted }), &["/token"]).await
}

pub async fn azure(scene: &Scene, token: &str, name: &str) -> Response {
    let (client_id, scope) = name.split_once('/').unwrap();
    exchange(scene, token, json!({ "azure": { "client_id": client_id, "scope": scope } }), &["/token"]).await
}

pub async fn token_exchange(scene: &Scene, token: &str, service: &str) -> Response {
    exchange(scene, token, json!({ "token_exchange": { "service": service } }), &["/token"]).await
}

pub async fn gcp(scene: &Scene, token: &str, account: &str) -> Response {
    exchange(scene, token, json!({ "gcp": { "service_account": account } }), &["/token"]).await
}

/// The document is known by the stanzas of its header.
pub async fn file_key(scene: &Scene, token: &str, name: &str) -> Response {
    let file = std::fs::read(scene.world.path(&format!("access/secrets/{name}"))).unwrap();
    let request = scene.world.http.post(scene.world.url("/v1/age/unwrap")).bearer_auth(token);
    let response = request.json(&json!({ "stanzas": stanzas(&file) })).send().await.unwrap();
    let (status, answer): (_, Value) = (response.status().as_u16(), response.json().await.unwrap());
    Response::of(status, &answer, &["/credentials/0/file_key/key"], &message(&answer))
}

/// Reads the audit log, or the state of the encrypted files.
pub async fn daypass(scene: &Scene, token: &str, permission: &str) -> Response {
    let path = match permission {
        "audit.read" => "/v1/audit",
        "secret.status" => "/v1/secret-status",
        other => panic!("no address for {other}"),
    };
    get(scene, token, path, &[]).await
}
