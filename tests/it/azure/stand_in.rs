//! A stand-in for Microsoft Entra ID's token endpoint, as far as the client credentials flow with a federated credential goes. It is
//! strict where Microsoft's documents are: RS256, `kid`, issuer, audience and subject byte for byte, times, one resource with
//! `/.default`. It keeps what it was asked, and tells the lies that a test asks of it. No test here uses Entra itself.

mod answer;

use crate::relying_party::{acceptor, serve};
use crate::sts::{Form, form};
pub use answer::access_token;
use answer::{not_found, refused};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The directory's id.
pub const TENANT: &str = "99999999-2222-3333-4444-555555555555";

/// What an application trusts.
#[derive(Clone)]
pub struct FederatedCredential {
    pub issuer: String,
    pub subject: String,
    pub audience: String,
}

/// An answer that Entra does not give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    LongerLife,
    NoLife,
    OtherTenant,
    OtherApplication,
    OtherType,
    NoToken,
    HostileToken,
    /// The assertion.
    Shown,
    /// The members' values in an array.
    Array,
    Truncated,
    Huge,
    Html,
    Hangs,
}

pub struct Inside {
    pub jwks: Value,
    pub applications: BTreeMap<String, Vec<FederatedCredential>>,
    pub resources: Vec<&'static str>,
    /// How long tokens live.
    pub expires_in: u64,
    pub lie: Option<Lie>,
    /// The status and the codes with which it refuses every request.
    pub refusal: Option<(u16, Vec<u64>)>,
    pub asked: Vec<Form>,
    /// The claims of each assertion that was accepted.
    pub taken: Vec<Value>,
}

#[derive(Clone)]
pub struct StandInEntra {
    pub url: String,
    inside: Arc<Mutex<Inside>>,
}

impl StandInEntra {
    /// Over TLS, with the certificate of this folder.
    pub async fn start(folder: &Path) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let inside = Inside {
            jwks: json!({ "keys": [] }),
            applications: BTreeMap::new(),
            resources: vec!["https://management.azure.com", "https://vault.azure.net"],
            expires_in: 3599,
            lie: None,
            refusal: None,
            asked: Vec::new(),
            taken: Vec::new(),
        };
        let stand_in = Self { url, inside: Arc::new(Mutex::new(inside)) };
        let router = Router::new()
            .route("/{tenant}/oauth2/v2.0/token", post(token))
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery))
            .fallback(not_found)
            .with_state(stand_in.clone());
        tokio::spawn(serve(listener, acceptor(folder), router));
        stand_in
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut Inside) -> T) -> T {
        change(&mut self.inside.lock().unwrap())
    }
}

/// For Azure's libraries.
async fn discovery(State(entra): State<StandInEntra>, UrlPath(tenant): UrlPath<String>) -> axum::Json<Value> {
    let endpoint = |name: &str| format!("{}/{tenant}/oauth2/v2.0/{name}", entra.url);
    axum::Json(json!({
        "issuer": format!("{}/{tenant}/v2.0", entra.url), "token_endpoint": endpoint("token"),
        "authorization_endpoint": endpoint("authorize"), "device_authorization_endpoint": endpoint("devicecode"),
        "jwks_uri": format!("{}/{tenant}/discovery/v2.0/keys", entra.url),
    }))
}

async fn token(
    State(entra): State<StandInEntra>,
    UrlPath(tenant): UrlPath<String>,
    headers: HeaderMap,
    body: String,
) -> Response<Body> {
    let form = form(&body);
    let (answer, hangs) = entra.with(|inside| {
        inside.asked.push(form.clone());
        let answer = match inside.judge(&tenant, &headers, &form) {
            Ok(claims) => {
                inside.taken.push(claims);
                inside.answer(&form)
            }
            Err((status, codes)) => refused(status, &codes),
        };
        (answer, inside.lie == Some(Lie::Hangs))
    });
    if hangs {
        std::future::pending::<()>().await;
    }
    answer
}

impl Inside {
    /// The claims of the assertion, or a status and Entra's codes.
    fn judge(&self, tenant: &str, headers: &HeaderMap, form: &Form) -> Result<Value, (u16, Vec<u64>)> {
        if let Some(refusal) = self.refusal.clone() {
            return Err(refusal);
        }
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let kind = headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err((400, vec![900_144]));
        }
        if tenant != TENANT {
            return Err((400, vec![90_002]));
        }
        if field("grant_type") != "client_credentials" {
            return Err((400, vec![70_003]));
        }
        if field("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
            return Err((401, vec![7_000_218]));
        }
        // MSAL asks for OpenID's scopes only with a person.
        match field("scope").strip_suffix("/.default") {
            Some(resource) if !resource.contains(' ') && self.resources.contains(&resource.trim_end_matches('/')) => {}
            Some(resource) if !resource.contains(' ') => return Err((400, vec![500_011])),
            _ => return Err((400, vec![1_002_012])),
        }
        let credentials = self.applications.get(field("client_id")).ok_or((400, vec![700_016]))?;
        self.verify(credentials, field("client_assertion"))
    }

    fn verify(&self, credentials: &[FederatedCredential], assertion: &str) -> Result<Value, (u16, Vec<u64>)> {
        let header = jsonwebtoken::decode_header(assertion).map_err(|_| (401, vec![50_027]))?;
        let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(self.jwks.clone()).unwrap();
        let key = header.kid.as_deref().and_then(|kid| jwks.find(kid)).ok_or((401, vec![7_000_272]))?;
        if header.alg != jsonwebtoken::Algorithm::RS256 {
            return Err((401, vec![700_027]));
        }
        let mut validation = jsonwebtoken::Validation::new(header.alg);
        validation.validate_aud = false;
        validation.validate_nbf = true;
        let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        let claims = jsonwebtoken::decode::<Value>(assertion, &key, &validation);
        let claims = claims.map_err(|fault| match fault.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => (401, vec![700_027]),
            _ => (401, vec![700_024]),
        })?;
        let claims = claims.claims;
        let claims_have = |name: &str, expected: &str| claims[name].as_str() == Some(expected);
        let refuse = |code: u64| Err((401, vec![code]));
        let mut fitting: Vec<&FederatedCredential> = credentials.iter().filter(|one| claims_have("iss", &one.issuer)).collect();
        if fitting.is_empty() {
            return refuse(700_211);
        }
        fitting.retain(|one| claims_have("aud", &one.audience));
        if fitting.is_empty() {
            return refuse(700_212);
        }
        if !fitting.iter().any(|one| claims_have("sub", &one.subject)) {
            let folded =
                |one: &&FederatedCredential| claims["sub"].as_str().is_some_and(|sub| sub.eq_ignore_ascii_case(&one.subject));
            return refuse(if fitting.iter().any(folded) { 7_002_138 } else { 700_213 });
        }
        Ok(claims)
    }
}
