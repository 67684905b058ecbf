//! A stand-in for Google's STS and its IAM Service Account Credentials API. It is strict where Google's documentation is, keeps what it
//! was asked, and tells the lies that a test asks of it. It proves nothing about Google.

mod lie;
mod principal;
mod reply;
mod sts;

pub use lie::{Instead, Lie};
pub use principal::Issued;

use crate::relying_party::{acceptor, reached, serve};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use daypass::words::{Clock, SystemClock};
use reply::{json_reply, status};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The provider that trusts our issuer.
pub const PROVIDER: &str = "projects/123456/locations/global/workloadIdentityPools/daypass/providers/daypass";
/// The prefix of a subject of its pool.
pub const SUBJECTS: &str =
    "principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/daypass/subject/";

/// A request that it got.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    /// A form's parameters, or the JSON.
    pub body: Value,
}

pub struct World {
    /// The issuer that the provider trusts, and its uploaded keys.
    pub issuer: String,
    pub jwks: Value,
    /// Whether the pool and the provider exist.
    pub is_there: bool,
    /// The attribute condition: a prefix of subjects.
    pub condition: String,
    /// For each service account, who may act as it.
    pub accounts: BTreeMap<String, BTreeSet<String>>,
    /// The accounts whose tokens may live for 12 hours.
    pub lasting: BTreeSet<String>,
    pub api_is_enabled: bool,
    pub lie: Option<Lie>,
    pub asked: Vec<Asked>,
    /// The tokens that were sent to it: ours and its own.
    pub shown: Vec<String>,
    /// The tokens that it issued.
    pub tokens: BTreeMap<String, Issued>,
}

#[derive(Clone)]
pub struct StandInGoogle {
    pub url: String,
    pub world: Arc<Mutex<World>>,
}

impl StandInGoogle {
    /// Over TLS, with the certificate of this folder. It trusts nobody yet.
    pub async fn start(folder: &Path) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let world = World {
            issuer: String::new(),
            jwks: json!({ "keys": [] }),
            is_there: true,
            condition: String::new(),
            accounts: BTreeMap::new(),
            lasting: BTreeSet::new(),
            api_is_enabled: true,
            lie: None,
            asked: Vec::new(),
            shown: Vec::new(),
            tokens: BTreeMap::new(),
        };
        let stand_in = Self { url, world: Arc::new(Mutex::new(world)) };
        let router = Router::new().route("/", reached(answer)).fallback(answer).with_state(stand_in.clone());
        tokio::spawn(serve(listener, acceptor(folder), router));
        stand_in
    }

    /// Changes something of its world.
    pub fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().unwrap())
    }

    /// The bodies of the requests whose path has this ending.
    pub fn asked(&self, end: &str) -> Vec<Value> {
        let requests = self.with(|world| world.asked.clone());
        requests.into_iter().filter(|request| request.path.ends_with(end)).map(|request| request.body).collect()
    }
}

impl World {
    /// Lets a member act as an account.
    pub fn bind(&mut self, account: &str, member: &str) {
        self.accounts.entry(account.to_owned()).or_default().insert(member.to_owned());
    }

    /// A new token, which nobody can guess.
    fn issue(&mut self, issued: Issued) -> String {
        let token = format!("ya29.c.{}", daypass::words::names::DecisionId::new().as_str().repeat(8));
        self.tokens.insert(token.clone(), issued);
        token
    }
}

async fn answer(
    State(stand_in): State<StandInGoogle>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let kind = headers.get("content-type").map_or("", |kind| kind.to_str().unwrap()).split(';').next().unwrap().to_owned();
    let form = || json!(crate::sts::form(std::str::from_utf8(&body).unwrap_or_default()));
    let read =
        if kind == "application/x-www-form-urlencoded" { form() } else { serde_json::from_slice(&body).unwrap_or_default() };
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let mut world = stand_in.world.lock().unwrap();
    world.asked.push(Asked { path: uri.path().to_owned(), body: read.clone() });
    world.shown.extend(bearer.map(str::to_owned));
    if let Some(response) = world.lie.and_then(|lie| lie.instead(uri.path())) {
        return response;
    }
    if let (Some(Lie::Echo), Some(bearer)) = (world.lie, bearer) {
        return reply::status(403, "PERMISSION_DENIED", &format!("Not for Bearer {bearer}."), None);
    }
    let assertion = || world.asked.iter().rfind(|asked| asked.path.ends_with("/token")).unwrap().body["subject_token"].clone();
    match world.lie {
        Some(Lie::EchoAssertion) if bearer.is_some() => {
            return reply::status(403, "PERMISSION_DENIED", &format!("Not for {}.", assertion()), None);
        }
        Some(Lie::FederatedSame) => {
            let kind = "urn:ietf:params:oauth:token-type:access_token";
            let answer =
                json!({ "access_token": assertion(), "issued_token_type": kind, "token_type": "Bearer", "expires_in": 300 });
            return json_reply(200, &answer);
        }
        _ => {}
    }
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    match (&method, &path[..]) {
        (&Method::POST, ["v1", "token"]) if bearer.is_some() => {
            reply::oauth("invalid_request", "Authorization is not taken here.")
        }
        (&Method::POST, ["v1", "token"]) => {
            Lie::with_status(world.lie, Lie::Sts(Instead::OtherSuccess), world.exchange(&kind, &read))
        }
        (&Method::POST, ["v1", "projects", "-", "serviceAccounts", named]) => match named.split_once(':') {
            Some((account, method_name)) => {
                let answer = world.impersonate(account, method_name, &kind, &read, bearer);
                Lie::with_status(world.lie, Lie::Iam(Instead::OtherSuccess), answer)
            }
            None => status(404, "NOT_FOUND", "Not found.", None),
        },
        (&Method::POST, ["v1", "projects", _, "serviceAccounts", _]) => status(
            400,
            "INVALID_ARGUMENT",
            "The `-` wildcard character is required; replacing it with a project ID is invalid.",
            None,
        ),
        // Describes the token of the request.
        (&Method::GET, ["who"]) => match bearer.and_then(|bearer| world.tokens.get(bearer)).filter(|issued| issued.is_alive()) {
            Some(issued) => {
                json_reply(200, &json!({ "principal": issued.principal, "scopes": issued.scopes, "boundary": issued.boundary }))
            }
            None => status(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", None),
        },
        _ => status(404, "NOT_FOUND", "Not found.", None),
    }
}

fn now() -> i64 {
    SystemClock.now().seconds()
}
