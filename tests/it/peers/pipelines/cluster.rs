//! A stand-in for an API server, for `kubectl apply`: it accepts tokens of the server's issuer for this cluster, has only config maps,
//! and keeps the objects that were created.

use crate::relying_party::{acceptor, serve, verify};
use crate::support::World;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const AUDIENCE: &str = "https://kubernetes.acme.com";

pub(super) struct Cluster {
    pub(super) url: String,
    made: Arc<Mutex<Vec<(String, Value)>>>,
}

#[derive(Clone)]
struct Trust {
    issuer: String,
    jwks: Arc<Value>,
    made: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Cluster {
    pub(super) async fn start(world: &World) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, made) = (format!("https://localhost:{}", listener.local_addr().unwrap().port()), Arc::default());
        let jwks = world.http.get(world.url("/id-tokens/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
        let trust = Trust { issuer: world.url("/id-tokens"), jwks: Arc::new(jwks), made: Arc::clone(&made) };
        let resource = json!({ "name": "configmaps", "singularName": "configmap", "namespaced": true, "kind": "ConfigMap", "verbs": ["get", "create", "patch"] });
        let resources = json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1", "resources": [resource] });
        let groups = json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [] });
        let paths = json!({ "paths": { "api/v1": { "serverRelativeURL": "/openapi/v3/api/v1" } } });
        let answer = |value: Value| get(async move || Json(value.clone()));
        let router = axum::Router::new()
            .route("/api", answer(json!({ "kind": "APIVersions", "versions": ["v1"] })))
            .route("/apis", answer(groups))
            .route("/api/v1", answer(resources))
            .route("/openapi/v3", answer(paths))
            .route("/openapi/v3/api/v1", answer(openapi()))
            .route("/api/v1/namespaces/default/configmaps/{name}", get(absent))
            .route("/api/v1/namespaces/default/configmaps", axum::routing::post(make))
            .layer(axum::middleware::from_fn_with_state(trust.clone(), known))
            .with_state(trust);
        tokio::spawn(serve(listener, acceptor(world.folder.path()), router));
        Self { url, made }
    }

    /// The subject and the object of each creation.
    pub(super) fn made(&self) -> Vec<(String, Value)> {
        self.made.lock().unwrap().clone()
    }
}

/// Says that the server validates fields, so that kubectl does not.
fn openapi() -> Value {
    let kind = json!({ "group": "", "kind": "ConfigMap", "version": "v1" });
    let parameters = json!([{ "name": "fieldValidation", "in": "query", "schema": { "type": "string" } }]);
    let patch = json!({ "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind, "parameters": parameters, "responses": {} });
    let path = "/api/v1/namespaces/{namespace}/configmaps/{name}";
    json!({ "openapi": "3.0.0", "info": { "title": "stand-in", "version": "v1" }, "paths": { path: { "patch": patch } } })
}

async fn known(State(trust): State<Trust>, mut request: Request, next: Next) -> Response {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match verify(&trust.jwks, &trust.issuer, AUDIENCE, header.unwrap_or_default()) {
        Ok(claims) => {
            request.extensions_mut().insert(claims["sub"].as_str().unwrap_or_default().to_owned());
            next.run(request).await
        }
        Err(_) => status(StatusCode::UNAUTHORIZED, "Unauthorized"),
    }
}

fn status(code: StatusCode, reason: &str) -> Response {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code.as_u16() });
    (code, Json(status)).into_response()
}

async fn absent() -> Response {
    status(StatusCode::NOT_FOUND, "NotFound")
}

async fn make(
    State(trust): State<Trust>,
    axum::Extension(subject): axum::Extension<String>,
    Json(object): Json<Value>,
) -> Response {
    trust.made.lock().unwrap().push((subject, object.clone()));
    (StatusCode::CREATED, Json(object)).into_response()
}
