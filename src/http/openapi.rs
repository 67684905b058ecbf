//! `GET /v1/openapi.json`: the native API as OpenAPI 3.1 describes it.
//!
//! A test generates the document from the tables in this module and compares it with the one in the repository. A route, a reason
//! or a name's form that it does not describe fails that test.

#[cfg(test)]
mod document;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod tests;

use super::reply::JSON;
use axum::http::header;
use axum::response::IntoResponse;

/// The document in the repository.
const DOCUMENT: &str = include_str!("../../docs/api/openapi.json");

/// The document is public, like docs/api.md.
pub(super) async fn answer() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, JSON)], DOCUMENT)
}
