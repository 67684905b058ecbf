//! The control socket in the data directory, for operators: only the server's own user may open it. It works when Git and every
//! issuer are down.

use super::health::Health;
use super::reply;
use crate::answers::{ClockAccepted, OperatorRefusal};
use crate::app::{App, DeniedBy, FilesAsked};
use crate::policy::DenyRequest;
use crate::store::OwnIssuer;
use crate::words::names::{CommitId, SourceName};
use crate::words::{Denial, IdSuffix, PlainPath, Reason};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::UnixListener;

/// Its name in the data directory.
pub const SOCKET: &str = "control.sock";

/// Why the control socket cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", .path.plain())]
pub struct ListenError {
    /// The socket.
    path: PathBuf,
    /// What the system says.
    #[source]
    fault: std::io::Error,
}

/// Listens for the owner of the data directory alone.
pub fn listen(data: &Path) -> Result<UnixListener, ListenError> {
    let path = data.join(SOCKET);
    let fault = |fault: std::io::Error| ListenError { path: path.clone(), fault };
    match std::fs::remove_file(&path) {
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {}
        removed => removed.map_err(fault)?,
    }
    std::fs::set_permissions(data, std::fs::Permissions::from_mode(0o700)).map_err(fault)?;
    let listener = UnixListener::bind(&path).map_err(fault)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(fault)?;
    Ok(listener)
}

/// Its routes.
pub fn router(health: Arc<Health>) -> Router {
    let app = health.app.clone();
    let with_health = Router::new()
        .route("/accept", post(accept))
        .route("/confirm", post(confirm))
        .route("/status", get(status))
        .with_state(health);
    Router::new()
        .route("/deny", post(deny))
        .route("/lift", post(lift))
        .route("/revoke", post(revoke))
        .route("/explain", post(explain))
        .route("/clock/accept", post(accept_clock))
        .route("/keys", get(keys))
        .route("/keys/rotate", post(rotate_keys))
        .route("/keys/hosted", post(note_hosted_keys))
        .route("/secret-status", post(secret_status))
        .merge(with_health)
        .layer(axum::extract::DefaultBodyLimit::max(reply::BODY_BYTES_MAX))
        .with_state(app)
}

type Shared = State<Arc<App>>;

async fn deny(State(app): Shared, Json(request): Json<DenyRequest>) -> Response {
    answer(app.deny(request, DeniedBy::Operator).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LiftRequest {
    id: IdSuffix,
}

async fn lift(State(app): Shared, Json(request): Json<LiftRequest>) -> Response {
    answer(app.lift(&request.id).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeRequest {
    decision: IdSuffix,
    reason: String,
}

async fn revoke(State(app): Shared, Json(request): Json<RevokeRequest>) -> Response {
    answer(app.revoke(request.decision, &request.reason).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplainRequest {
    decision: IdSuffix,
}

async fn explain(State(app): Shared, Json(request): Json<ExplainRequest>) -> Response {
    answer(app.explain(request.decision).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommitRequest {
    commit: CommitId,
    #[serde(default = "SourceName::root")]
    source: SourceName,
}

async fn accept(State(health): State<Arc<Health>>, Json(request): Json<CommitRequest>) -> Response {
    match health.app.accept(&request.source, request.commit).await {
        Ok(()) => status(State(health)).await,
        Err(denial) => refused(&denial),
    }
}

async fn confirm(State(health): State<Arc<Health>>, Json(request): Json<CommitRequest>) -> Response {
    match health.app.confirm(&request.source, request.commit).await {
        Ok(()) => status(State(health)).await,
        Err(denial) => refused(&denial),
    }
}

async fn status(State(health): State<Arc<Health>>) -> Response {
    answer(Ok(health.app.status(health.alarms().await)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretStatusRequest {
    source: SourceName,
    below: Option<String>,
    after: Option<String>,
}

async fn secret_status(State(app): Shared, Json(request): Json<SecretStatusRequest>) -> Response {
    let SecretStatusRequest { source, below, after } = request;
    let (live, now) = (app.live.load_full(), app.now());
    let asked = FilesAsked { below, after };
    let status = tokio::task::spawn_blocking(move || live.secret_status(&source, &asked, now)).await;
    let status = status.unwrap_or_else(|fault| Err(Reason::Internal.with_cause(fault.to_string())));
    answer(status)
}

async fn accept_clock(State(app): Shared) -> Response {
    answer(app.accept_clock().await.map(|()| ClockAccepted { clock: app.store.clock_fault() }))
}

async fn keys(State(app): Shared) -> Response {
    answer(app.keys_report().await)
}

async fn rotate_keys(State(app): Shared) -> Response {
    answer(app.rotate_keys().await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostedRequest {
    issuer: OwnIssuer,
    kids: Vec<String>,
}

async fn note_hosted_keys(State(app): Shared, Json(request): Json<HostedRequest>) -> Response {
    answer(app.note_hosted_keys(request.issuer, request.kids).await)
}

fn answer<T: Serialize>(outcome: Result<T, Denial>) -> Response {
    match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(denial) => refused(&denial),
    }
}

fn refused(denial: &Denial) -> Response {
    let status = StatusCode::from_u16(denial.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let detail = denial.detail.as_deref().unwrap_or(&denial.cause).to_owned();
    (status, Json(OperatorRefusal { code: denial.reason.code().to_owned(), detail })).into_response()
}
