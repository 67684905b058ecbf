//! A stand-in for relying parties of `id_token`s: a cluster's API server, Microsoft's and Google's token endpoints. It accepts a token
//! only if its signature, issuer and audience are right by our published keys, and keeps its claims. It proves nothing about the real ones.

use crate::sts::form;
use crate::support::World;
use axum::extract::State;
use axum::handler::Handler;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{MethodRouter, get, head, post};
use axum::{Json, Router};
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};

pub struct RelyingParty {
    pub url: String,
    seen: Arc<Mutex<Vec<Value>>>,
}

#[derive(Clone)]
struct Trust {
    url: String,
    issuer: String,
    audience: String,
    jwks: Arc<Value>,
    seen: Arc<Mutex<Vec<Value>>>,
}

/// The claims of a token that these keys verify.
pub fn verify(jwks: &Value, issuer: &str, audience: &str, token: &str) -> Result<Value, String> {
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(jwks.clone()).unwrap();
    let header = jsonwebtoken::decode_header(token).map_err(|fault| fault.to_string())?;
    let jwk = header.kid.as_deref().and_then(|kid| jwks.find(kid)).ok_or("unknown key")?;
    let key = jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap();
    let mut validation = jsonwebtoken::Validation::new(header.alg);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[issuer]);
    jsonwebtoken::decode::<Value>(token, &key, &validation).map(|read| read.claims).map_err(|fault| fault.to_string())
}

impl RelyingParty {
    /// Over TLS with the world's certificate, for the world's `id_token`s.
    pub async fn start(world: &World, audience: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, accepted) = (format!("https://localhost:{}", listener.local_addr().unwrap().port()), Arc::default());
        let jwks = world.http.get(world.url("/id-tokens/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
        let trust = Trust {
            url: url.clone(),
            issuer: world.url("/id-tokens"),
            audience: audience.to_owned(),
            jwks: Arc::new(jwks),
            seen: Arc::clone(&accepted),
        };
        let router = Router::new()
            .route("/version", get(cluster))
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(authority))
            .route("/{tenant}/oauth2/v2.0/token", post(microsoft))
            .route("/google/token", post(google))
            .with_state(trust);
        tokio::spawn(serve(listener, acceptor(world.folder.path()), router));
        Self { url, seen: accepted }
    }

    /// The claims of every accepted token.
    pub fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

/// A TLS acceptor with the certificate of this folder.
pub fn acceptor(folder: &Path) -> tokio_rustls::TlsAcceptor {
    let certificate = rustls::pki_types::CertificateDer::from_pem_file(folder.join("tls.crt")).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(folder.join("tls.key")).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

/// A provider's root path. The server sends HEAD there to see whether the provider answers, and a stand-in must not count that as a
/// request. Other methods go to `elsewhere`.
pub fn reached<H, T, S>(elsewhere: H) -> MethodRouter<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    head(|| async {}).fallback(elsewhere)
}

/// Serves HTTP/1.1 over TLS.
pub async fn serve(listener: tokio::net::TcpListener, acceptor: tokio_rustls::TlsAcceptor, router: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = hyper_util::service::TowerToHyperService::new(router);
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
        });
    }
}

type Answer = (StatusCode, Json<Value>);

impl Trust {
    fn judge(&self, token: &str, good: impl Fn(&Value) -> Value) -> Answer {
        match verify(&self.jwks, &self.issuer, &self.audience, token) {
            Ok(claims) => {
                let answer = good(&claims);
                self.seen.lock().unwrap().push(claims);
                (StatusCode::OK, Json(answer))
            }
            Err(fault) => (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_grant", "error_description": fault }))),
        }
    }
}

async fn cluster(State(trust): State<Trust>, headers: HeaderMap) -> Answer {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ")).unwrap_or_default();
    trust.judge(bearer, |claims| json!({ "gitVersion": "stand-in", "you": claims["sub"] }))
}

async fn authority(State(trust): State<Trust>) -> Json<Value> {
    let endpoint = |name: &str| format!("{}/tenant/oauth2/v2.0/{name}", trust.url);
    Json(json!({
        "issuer": format!("{}/tenant/v2.0", trust.url), "token_endpoint": endpoint("token"),
        "authorization_endpoint": endpoint("authorize"), "device_authorization_endpoint": endpoint("devicecode"),
    }))
}

async fn microsoft(State(trust): State<Trust>, body: String) -> Answer {
    let form = form(&body);
    let token = form.get("client_assertion").map_or("", String::as_str);
    trust.judge(
        token,
        |claims| json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": format!("for {}", claims["sub"]) }),
    )
}

async fn google(State(trust): State<Trust>, body: String) -> Answer {
    let form = form(&body);
    trust.judge(form.get("subject_token").map_or("", String::as_str), |claims| {
        json!({
            "token_type": "Bearer", "expires_in": 3600, "access_token": format!("for {}", claims["sub"]),
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token", "subject_token_type": form["subject_token_type"],
        })
    })
}
