//! `POST /v1/age/unwrap`: the file key of a document in force, for `age-plugin-daypass`. See docs/decisions/0015.

use super::form;
use super::reply::{self, Caller};
use super::task::run;
use crate::app::App;
use crate::exchange::ExchangeRequest;
use crate::secrets::{self, STANZAS_MAX};
use crate::token::{check_objects, from_json, parse_json};
use crate::words::names::PolicyName;
use crate::words::{Denial, Digest, Reason};
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Response};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use std::fmt::Display;
use std::sync::Arc;

/// The stanzas of one header, as the header has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    stanzas: Vec<Stanza>,
    #[serde(default)]
    policy: Option<PolicyName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stanza {
    #[serde(rename = "type")]
    kind: String,
    args: Vec<String>,
    /// Base64 as in the header: without padding.
    body: String,
}

/// Answers with the file key, as `POST /v1/exchange` answers with credentials.
pub(super) async fn unwrap(
    State(app): State<Arc<App>>,
    Caller(call): Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let bytes = reply::json_body(&headers, body, reply::BODY_BYTES_MAX).await;
    let call = if let Ok(bytes) = &bytes { call.with_body(bytes) } else { call };
    match run(app, call, form::no_query(&uri).and(bytes).and_then(|bytes| read(&bytes))).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

fn read(bytes: &[u8]) -> Result<ExchangeRequest, Denial> {
    let bad = |fault: &dyn Display| Reason::BadRequest.with_cause(fault).with_detail(format!("The request's body: {fault}."));
    let document = parse_json(bytes).map_err(|fault| bad(&fault))?;
    check_objects(&document, "stanzas").map_err(|fault| bad(&fault))?;
    let header: Header = from_json(document).map_err(|fault| bad(&fault))?;
    if header.stanzas.is_empty() || header.stanzas.len() > STANZAS_MAX {
        return Err(bad(&format!("show the 1 to {STANZAS_MAX} stanzas of one header")));
    }
    let stanzas: Option<Vec<Digest>> = header.stanzas.iter().map(Stanza::digest).collect();
    let stanzas = stanzas.ok_or_else(|| bad(&"a stanza's `body` is base64 without padding"))?;
    Ok(ExchangeRequest::file_key(stanzas, header.policy))
}

impl Stanza {
    fn digest(&self) -> Option<Digest> {
        let body = STANDARD_NO_PAD.decode(&self.body).ok()?;
        Some(secrets::stanza(&self.kind, &self.args, &body))
    }
}
