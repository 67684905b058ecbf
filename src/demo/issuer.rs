//! A stand-in for GitHub's OIDC issuer on this machine: real keys, real signatures, real discovery, GitHub-shaped claims.
//! It proves nothing about GitHub itself, but lets the whole demo run without anything outside.

use super::DemoError;
use crate::words::{Clock, UnixTime};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// GitHub's tokens live five minutes (measured: `exp - iat`).
const TOKEN_LIFETIME_SECONDS: i64 = 300;
const KEY_ID: &str = "local-1";

/// The issuer and the runs that may ask it for tokens.
pub struct LocalIssuer {
    url: String,
    key: EncodingKey,
    jwks: Value,
    runs: Mutex<BTreeMap<String, Map<String, Value>>>,
    tokens_minted: std::sync::atomic::AtomicU64,
    clock: Arc<dyn Clock>,
}

impl LocalIssuer {
    /// Makes a key and listens on a free loopback port.
    pub async fn start(clock: Arc<dyn Clock>) -> Result<Arc<Self>, DemoError> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let key = make_key()?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256)?;
        jwk.common.key_id = Some(KEY_ID.to_owned());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        let issuer = Arc::new(Self {
            url: format!("http://{address}"),
            key,
            jwks: json!({ "keys": [jwk] }),
            runs: Mutex::default(),
            tokens_minted: Default::default(),
            clock,
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(|State(issuer): State<Arc<Self>>| async move { Json(issuer.jwks.clone()) }))
            .route("/token", get(token))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(issuer)
    }

    /// The issuer's URL, which is its `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its published keys.
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// Lets a run called `name` ask for tokens with these claims.
    pub fn add_run(&self, name: &str, claims: Map<String, Value>) {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), claims);
    }

    /// The two variables that GitHub gives a job with `id-token: write`.
    pub fn job_environment(&self, run: &str) -> [(&'static str, String); 2] {
        [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/token?run={run}", self.url)),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", format!("request-token-of-{run}")),
        ]
    }

    /// A token with these claims. `iss`, `aud`, the times and a `jti` are added if they are missing.
    pub fn mint(&self, claims: &Map<String, Value>, audience: &str) -> Result<String, DemoError> {
        let serial = self.tokens_minted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let now: UnixTime = self.clock.now();
        let mut all = Map::new();
        all.insert("jti".to_owned(), format!("{}-{serial}", now.millis()).into());
        all.insert("iss".to_owned(), self.url.clone().into());
        all.insert("aud".to_owned(), audience.into());
        all.insert("iat".to_owned(), now.seconds().into());
        all.insert("nbf".to_owned(), (now.seconds() - 600).into());
        all.insert("exp".to_owned(), (now.seconds() + TOKEN_LIFETIME_SECONDS).into());
        all.extend(claims.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.sign(&Value::Object(all))
    }

    /// Signs any claims.
    pub fn sign(&self, claims: &Value) -> Result<String, DemoError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(KEY_ID.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(DemoError::from)
    }

    /// Signs any header and payload, even malformed ones, which tests need.
    pub fn sign_raw(&self, header: &str, payload: &[u8]) -> Result<String, DemoError> {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &self.key, Algorithm::RS256)?;
        Ok(format!("{input}.{signature}"))
    }
}

fn make_key() -> Result<EncodingKey, DemoError> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use base64::Engine;
    let pair = KeyPair::generate(KeySize::Rsa2048)?;
    let der: Pkcs8V1Der<'_> = pair.as_der()?;
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(DemoError::from)
}

async fn discovery(State(issuer): State<Arc<LocalIssuer>>) -> Json<Value> {
    Json(json!({
        "issuer": issuer.url,
        "jwks_uri": format!("{}/jwks", issuer.url),
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

#[derive(serde::Deserialize)]
struct TokenRequest {
    run: String,
    audience: String,
}

async fn token(
    State(issuer): State<Arc<LocalIssuer>>,
    Query(request): Query<TokenRequest>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    let bearer = format!("Bearer request-token-of-{}", request.run);
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(&bearer) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let claims = issuer.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&request.run).cloned();
    let claims = claims.ok_or(StatusCode::NOT_FOUND)?;
    let token = issuer.mint(&claims, &request.audience).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(json!({ "value": token })))
}

/// The claims of a GitHub Actions job of `acme/shop`, as github.com forms them for a repository with immutable ids.
pub fn github_claims(event: &str, git_ref: &str) -> Map<String, Value> {
    let workflow = format!("acme/shop/.github/workflows/deploy.yml@{git_ref}");
    let subject = match event {
        "pull_request" => "repo:acme@9001/shop@456789:pull_request".to_owned(),
        _ => format!("repo:acme@9001/shop@456789:ref:{git_ref}"),
    };
    let claims = json!({
        "sub": subject, "repository": "acme/shop", "repository_id": "456789",
        "repository_owner": "acme", "repository_owner_id": "9001", "repository_visibility": "private",
        "actor": "octocat", "actor_id": "583231", "event_name": event, "ref": git_ref, "ref_type": "branch",
        "ref_protected": if git_ref == "refs/heads/main" { "true" } else { "false" },
        "sha": "0b1a2c3d4e5f60718293a4b5c6d7e8f901234567", "head_ref": "", "base_ref": "",
        "workflow": "deploy", "workflow_ref": workflow, "workflow_sha": "0b1a2c3d4e5f60718293a4b5c6d7e8f901234567",
        "job_workflow_ref": workflow, "job_workflow_sha": "0b1a2c3d4e5f60718293a4b5c6d7e8f901234567",
        "run_id": "7301234567", "run_number": "412", "run_attempt": "1", "runner_environment": "github-hosted",
    });
    match claims {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
