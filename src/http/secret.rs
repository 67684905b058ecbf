//! One secret by its address, as the commit in force has it or as an older one had it.

use super::form::{self, FormError};
use super::reply::{self, Caller};
use super::task::run;
use crate::app::App;
use crate::exchange::{ExchangeRequest, RecordedRefusal, Released};
use crate::kind::{Listed, PastSecret, PastValue, SecretValue};
use crate::policy::Request;
use crate::words::Reason;
use crate::words::names::{CommitId, NameError, PointerError, PolicyName, SecretName, SecretPath, check_pointer};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, Response, Uri, header};
use axum::response::IntoResponse;
use std::ops::Deref;
use std::sync::Arc;

/// Answers with the document or the value that the address names.
pub(super) async fn secret(
    State(app): State<Arc<App>>,
    Caller(call): Caller,
    path: Result<Path<String>, PathRejection>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response<Body> {
    let path = path.map_err(|_| AddressError::NotUtf8);
    let asked = path.and_then(|Path(path)| read_secret(&path, &uri)).map_err(reply::bad_request);
    let plain = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/plain"));
    match run(app, call, asked).await {
        Ok(released) if plain => bare_value(&released).unwrap_or_else(IntoResponse::into_response),
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

/// What is wrong with the path or the query of a request for a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AddressError {
    /// The path as a whole.
    #[error("The path is not UTF-8.")]
    NotUtf8,
    /// The document in the path.
    #[error("The path of a secret: {0}.")]
    Path(#[source] NameError),
    /// The query as a whole.
    #[error("The query: {0}.")]
    Query(#[from] FormError),
    /// A parameter of the query.
    #[error("{} is no parameter here: there are `key`, `commit` and `policy`.", form::opening(.parameter))]
    Unknown {
        /// Its name.
        parameter: String,
    },
    /// The pointer to a value.
    #[error("`key`: {0}.")]
    Key(#[from] PointerError),
    /// The policy to use.
    #[error("`policy`: {0}.")]
    Policy(#[source] NameError),
    /// The commit that the document is read at.
    #[error("`commit`: {0}.")]
    Commit(#[source] NameError),
}

/// Reads the document from the path, which is decoded once, and the key, the commit and the policy from the query.
pub(super) fn read_secret(path: &str, uri: &Uri) -> Result<ExchangeRequest, AddressError> {
    let path = SecretPath::parse(path).map_err(AddressError::Path)?;
    let mut query = form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let (key, commit, policy) = (query.remove("key"), query.remove("commit"), query.remove("policy"));
    if let Some(unknown) = query.keys().next() {
        return Err(AddressError::Unknown { parameter: unknown.clone() });
    }
    key.as_deref().map_or(Ok(()), check_pointer)?;
    let policy = policy.as_deref().map(PolicyName::parse).transpose().map_err(AddressError::Policy)?;
    let commit = commit.as_deref().map(CommitId::parse).transpose().map_err(AddressError::Commit)?;
    let name = SecretName { path, key };
    let wanted = match commit {
        None => name.into(),
        commit => PastSecret { commit, name }.into(),
    };
    Ok(ExchangeRequest::credentials(Request::one(wanted, policy)))
}

/// The bare value of the only secret.
fn bare_value(released: &Released) -> Result<Response<Body>, RecordedRefusal> {
    let credential = released.credential()?;
    let secret = SecretValue::of(credential).or_else(|| PastValue::of(credential).map(Deref::deref));
    let secret = secret.ok_or_else(RecordedRefusal::of_another_kind)?;
    let unreadable = |fault: base64::DecodeError| RecordedRefusal::unrecorded(Reason::Internal.with_cause(fault.to_string()));
    let value = secret.plain().map_err(unreadable)?;
    Ok(reply::secret_answer(Body::from(value.expose().to_vec()), "text/plain; charset=utf-8"))
}
