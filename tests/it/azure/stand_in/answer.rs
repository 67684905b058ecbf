//! What the stand-in answers.

use super::{Inside, Lie, TENANT};
use crate::sts::Form;
use axum::body::Body;
use axum::http::{Response, StatusCode, Uri};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn reply(status: u16, kind: &str, body: Vec<u8>) -> Response<Body> {
    Response::builder().status(status).header("content-type", kind).body(Body::from(body)).unwrap()
}

fn json_reply(status: u16, body: &Value) -> Response<Body> {
    reply(status, "application/json; charset=utf-8", body.to_string().into_bytes())
}

pub async fn not_found(uri: Uri) -> Response<Body> {
    json_reply(StatusCode::NOT_FOUND.as_u16(), &json!({ "error": "not_found", "path": uri.path() }))
}

/// In Entra's form. The sentence is hostile: the server must repeat none of it.
pub fn refused(status: u16, codes: &[u64]) -> Response<Body> {
    let first = codes.first().copied().unwrap_or_default();
    json_reply(
        status,
        &json!({
            "error": if status == 401 { "invalid_client" } else { "invalid_request" },
            "error_description": format!("AADSTS{first}: evil sentence.\r\nTrace ID: 0"),
            "error_codes": codes, "timestamp": "2026-11-29 01:00:00Z", "trace_id": TENANT, "correlation_id": TENANT,
        }),
    )
}

/// As Entra's v1 access tokens are, with a signature that nobody verifies.
pub fn access_token(tenant: &str, application: &str, audience: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "aud": audience, "tid": tenant, "appid": application, "ver": "1.0" });
    format!("{}.{}.{}", part(json!({ "typ": "JWT", "alg": "RS256", "kid": "entra" })), part(claims), "c2lnbmF0dXJl")
}

impl Inside {
    pub fn answer(&self, form: &Form) -> Response<Body> {
        let (client, scope) = (form["client_id"].as_str(), form["scope"].trim_end_matches("/.default"));
        let other = "aaaaaaaa-2222-3333-4444-555555555555";
        let good = access_token(TENANT, client, scope);
        let mut body = json!({ "token_type": "Bearer", "expires_in": self.expires_in, "ext_expires_in": 3599, "access_token": good.clone() });
        match self.lie {
            None | Some(Lie::Hangs) => {}
            Some(Lie::LongerLife) => body["expires_in"] = 5401.into(),
            Some(Lie::NoLife) => body["expires_in"] = 0.into(),
            Some(Lie::OtherTenant) => body["access_token"] = access_token(other, client, scope).into(),
            Some(Lie::OtherApplication) => body["access_token"] = access_token(TENANT, other, scope).into(),
            Some(Lie::OtherType) => body["token_type"] = "pop".into(),
            Some(Lie::NoToken) => body["access_token"] = "".into(),
            Some(Lie::HostileToken) => body["access_token"] = "evil\r\nX-Evil: \u{202e}".into(),
            Some(Lie::Shown) => body["access_token"] = form["client_assertion"].clone().into(),
            Some(Lie::Array) => body = json!(["Bearer", self.expires_in, good]),
            Some(Lie::Truncated) => {
                let whole = body.to_string();
                return reply(200, "application/json", whole.as_bytes()[..whole.len() - 40].to_vec());
            }
            Some(Lie::Huge) => body["access_token"] = "x".repeat(300 * 1024).into(),
            Some(Lie::Html) => return reply(200, "text/html", b"<html>evil</html>".to_vec()),
        }
        json_reply(200, &body)
    }
}
