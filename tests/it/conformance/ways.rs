//! How each API is asked for each kind that it can deliver.

pub mod aws;
pub mod native;
pub mod oauth;
pub mod vault;

use super::scene::Scene;
use crate::sts::encode;
use serde_json::Value;
use std::pin::Pin;

/// What a client of an API gets.
#[derive(Debug, Default)]
pub struct Response {
    pub released: bool,
    /// The secret values of the answer, and those that the client sent.
    pub secrets: Vec<String>,
    /// What the API's own error says, where its clients look for it.
    pub message: String,
}

pub type Answer<'a> = Pin<Box<dyn Future<Output = Response> + 'a>>;

impl Response {
    /// An answer with these secrets, which has to hold all of them; or an error that says this.
    fn of(status: u16, answer: &Value, secrets: &[&str], message: &Value) -> Self {
        let texts = || secrets.iter().map(|pointer| answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned));
        match texts().collect::<Option<Vec<String>>>().filter(|_| status == 200) {
            Some(secrets) => Self { released: true, secrets, message: String::new() },
            None => Self { message: message.as_str().map_or_else(|| message.to_string(), str::to_owned), ..Self::default() },
        }
    }
}

/// octo-sts's Action asks for a repository, by both names of the scope, and for an identity that names the policy.
pub async fn octo_sts(scene: &Scene, token: &str, repository: &str) -> Response {
    let query = encode(&[("scope", repository), ("scopes", repository), ("identity", "ci")]);
    let address = scene.world.url(&format!("/sts/exchange?{query}"));
    let response = scene.world.http.get(address).bearer_auth(token).send().await.unwrap();
    let (status, answer): (_, Value) = (response.status().as_u16(), response.json().await.unwrap());
    Response::of(status, &answer, &["/token"], &answer["message"])
}
