//! The Vault API, with the job's token in each request.

use super::super::scene::{POLICY_NAME, Scene};
use super::Response;
use crate::canaries::memory::random;
use crate::sts::encode;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

async fn call(scene: &Scene, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let parameter = URL_SAFE_NO_PAD.encode(json!({ "key": "jwt", "value": token }).to_string());
    let request = scene.world.http.request(method.parse().unwrap(), scene.world.url(&format!("/vault/v1/{path}")));
    let request =
        request.header("X-Vault-Inline-Auth-Path", "auth/jwt/login").header("X-Vault-Inline-Auth-Parameter-jwt", parameter);
    let request = if let Some(body) = body { request.json(&body) } else { request };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

pub async fn aws(scene: &Scene, token: &str, role: &str) -> Response {
    let path = format!("aws/creds/{POLICY_NAME}?{}", encode(&[("role_arn", role)]));
    let (status, answer) = call(scene, token, "GET", &path, None).await;
    Response::of(status, &answer, &["/data/secret_key", "/data/security_token"], &answer["errors"][0])
}

pub async fn secret(scene: &Scene, token: &str, name: &str) -> Response {
    let (status, answer) = call(scene, token, "GET", &format!("secret/data/{name}"), None).await;
    Response::of(status, &answer, &["/data/data/value"], &answer["errors"][0])
}

/// Encrypts a text and decrypts it again: the text is the secret.
pub async fn transit(scene: &Scene, token: &str, key: &str) -> Response {
    let text = random();
    let body = json!({ "plaintext": STANDARD.encode(&text) });
    let (status, sealed) = call(scene, token, "PUT", &format!("transit/encrypt/{key}"), Some(body)).await;
    if status != 200 {
        return Response::of(status, &sealed, &[], &sealed["errors"][0]);
    }
    let body = json!({ "ciphertext": sealed["data"]["ciphertext"] });
    let (status, opened) = call(scene, token, "PUT", &format!("transit/decrypt/{key}"), Some(body)).await;
    let response = Response::of(status, &opened, &["/data/plaintext"], &opened["errors"][0]);
    assert_eq!(response.secrets, [STANDARD.encode(&text)], "{opened}");
    Response { secrets: vec![text], ..response }
}
