//! Answers in the two forms of Google's endpoints.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

pub fn json_reply(status: u16, document: &Value) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/json; charset=UTF-8");
    response.body(Body::from(document.to_string())).unwrap()
}

/// The STS: OAuth's JSON.
pub fn oauth(error: &str, description: &str) -> Response<Body> {
    json_reply(400, &json!({ "error": error, "error_description": description }))
}

/// The other API: google.rpc.Status.
pub fn status(code: u16, status: &str, message: &str, reason: Option<(&str, &str)>) -> Response<Body> {
    let mut error = json!({ "code": code, "message": message, "status": status });
    if let Some((reason, permission)) = reason {
        error["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "iam.googleapis.com",
            "metadata": { "permission": permission },
        }]);
    }
    json_reply(code, &json!({ "error": error }))
}
