//! The token endpoint.

use super::super::scene::Scene;
use super::Response;
use crate::sts::encode;
use serde_json::Value;

/// The prefix of a service account's audience.
const ACCOUNTS: &str = "//iamcredentials.googleapis.com/projects/-/serviceAccounts/";

async fn exchange(scene: &Scene, token: &str, audience: &str) -> Response {
    let form = encode(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("audience", audience),
    ]);
    let request =
        scene.world.http.post(scene.world.url("/oauth2/token")).header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(form).send().await.unwrap();
    let (status, answer): (_, Value) = (response.status().as_u16(), response.json().await.unwrap());
    Response::of(status, &answer, &["/access_token"], &answer["error_description"])
}

pub async fn id_token(scene: &Scene, token: &str, audience: &str) -> Response {
    exchange(scene, token, audience).await
}

pub async fn gcp(scene: &Scene, token: &str, account: &str) -> Response {
    exchange(scene, token, &format!("{ACCOUNTS}{account}")).await
}
