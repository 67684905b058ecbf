//! `auth/<mount>/login`, and requests about the client's own token.

use super::VaultRequest;
use super::answer::{self, Answer};
use super::inline::Login;
use super::proof::Proof;
use crate::answers::Session;
use crate::exchange::{self, RequestContext, TokenKind};
use crate::http::reply;
use crate::token::VerifiedSession;
use crate::words::names::PolicyName;
use crate::words::{Reason, UnixTime};
use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

/// Begins a session. JWT and Kubernetes logins are the same: both send a token, and its issuer decides how it is read.
pub(super) async fn login(inbound: VaultRequest) -> Response<Body> {
    let VaultRequest { app, call, body, headers } = inbound;
    let login = match reply::body(body, reply::BODY_BYTES_MAX).await {
        Ok(bytes) => Login::parse(&bytes),
        Err(denial) => Err(denial),
    };
    let login = match login {
        Ok(login) => login,
        Err(denial) => return VaultRequest { app, call, headers, body: Body::empty() }.refuse(denial).await,
    };
    let (call, inner) = (RequestContext { token: Ok(login.jwt), ..call }, app.clone());
    match VaultRequest::tracked(&app, async move { exchange::login(&inner, call, login.role).await }).await {
        Ok(released) => released.session().map(|session| begun(session, app.now())),
        Err(refused) => Err(refused),
    }
    .unwrap_or_else(|refused| answer::refused(&refused))
}

fn begun(session: &Session, now: UnixTime) -> Response<Body> {
    let policies: Vec<&str> = session.policy.iter().map(PolicyName::as_str).collect();
    let metadata = json!({ "role": policies.first().copied().unwrap_or_default(), "issuer": session.issuer });
    let auth = json!({
        "client_token": session.session_token.expose_text(), "accessor": session.decision_id, "policies": policies,
        "token_policies": policies, "metadata": metadata, "lease_duration": session.expires_at.since(now).as_secs(),
        "renewable": false, "entity_id": "", "token_type": "batch", "orphan": true, "mfa_requirement": null, "num_uses": 0,
    });
    Answer::new(session.decision_id.to_string(), Value::Null).logged_in(auth).into_response()
}

/// `lookup-self`. The token's type is `batch`, which clients neither renew nor share.
pub(super) async fn look_up(inbound: VaultRequest) -> Response<Body> {
    let proof = match own(&inbound) {
        Ok(proof) => proof,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let (app, (call, _)) = (inbound.app, proof.into_call(inbound.call));
    let (inner, now) = (app.clone(), app.now());
    let looked = async move { exchange::look_at_session(&inner, call, |session, token| described(session, token, now)).await };
    match VaultRequest::tracked(&app, looked).await {
        Ok((id, described)) => answer::data(id, described),
        Err(refused) => answer::refused(&refused),
    }
}

fn described(session: &VerifiedSession, token: &[u8], now: UnixTime) -> (String, Value) {
    let (id, ends) = (session.id().to_string(), session.expires_at());
    let described = json!({
        "id": String::from_utf8_lossy(token), "accessor": id, "type": "batch", "policies": session.policy().iter().collect::<Vec<_>>(),
        "ttl": ends.since(now).as_secs(), "creation_ttl": ends.since(session.begun_at()).as_secs(), "explicit_max_ttl": 0,
        "creation_time": session.begun_at().seconds(), "issue_time": session.begun_at().to_string(), "expire_time": ends.to_string(),
        "display_name": session.issuer(), "entity_id": "", "meta": { "role": session.policy(), "issuer": session.issuer() },
        "num_uses": 0, "orphan": true, "path": "auth/jwt/login", "renewable": false,
    });
    (id, described)
}

/// `revoke-self`: from here on no use of the session is granted.
pub(super) async fn revoke(inbound: VaultRequest) -> Response<Body> {
    let proof = match own(&inbound) {
        Ok(proof) => proof,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let (app, (call, _)) = (inbound.app, proof.into_call(inbound.call));
    let inner = app.clone();
    match VaultRequest::tracked(&app, async move { exchange::end_session(&inner, call).await }).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(refused) => answer::refused(&refused),
    }
}

/// The session's own token: an inline login has none.
fn own(inbound: &VaultRequest) -> Result<Proof, crate::words::Denial> {
    let proof = inbound.proof()?;
    if proof.shown != TokenKind::Session {
        return Err(Reason::BadRequest
            .with_cause("an inline login has no session")
            .with_detail("Inline authentication begins no session."));
    }
    Ok(proof)
}
