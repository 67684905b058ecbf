//! `GET /v1/secret-status`: the state of a source's encrypted files, page by page, for identities that a policy permits it.

use super::form::{self, FormError};
use super::reply::{self, Caller};
use super::task::run;
use crate::app::{App, FilesAsked};
use crate::exchange::ExchangeRequest;
use crate::words::Reason;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{Response, Uri};
use axum::response::IntoResponse;
use std::sync::Arc;

/// Git's paths are no longer on any system that it runs on.
pub(super) const FILE_CHARACTERS_MAX: usize = 4096;

/// What is wrong with the query.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum StatusQueryError {
    /// The query as a whole.
    #[error("The query: {0}.")]
    Query(#[from] FormError),
    /// A parameter of the query.
    #[error("{} is no parameter here: there are `below` and `after`.", form::opening(.parameter))]
    Unknown {
        /// Its name.
        parameter: String,
    },
    /// A path that no file can have.
    #[error("`{parameter}`: expected the path of a file or folder, of 1 to {FILE_CHARACTERS_MAX} characters.")]
    NoFile {
        /// The parameter.
        parameter: &'static str,
    },
}

pub(super) async fn status(State(app): State<Arc<App>>, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    let request = read(&uri).map(ExchangeRequest::secret_status);
    match run(app, call, request.map_err(|fault| Reason::BadRequest.with_cause(&fault).with_detail(fault.to_string()))).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

fn read(uri: &Uri) -> Result<FilesAsked, StatusQueryError> {
    let mut query = form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let mut file = |parameter: &'static str| {
        let good = |text: &String| (1..=FILE_CHARACTERS_MAX).contains(&text.chars().count());
        let value = query.remove(parameter).map(|text| Some(text).filter(good).ok_or(StatusQueryError::NoFile { parameter }));
        value.transpose()
    };
    let request = FilesAsked { below: file("below")?, after: file("after")? };
    match query.into_keys().next() {
        Some(parameter) => Err(StatusQueryError::Unknown { parameter }),
        None => Ok(request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_of_a_query_is_read_and_checked() {
        let of = |query: &str| read(&format!("/v1/secret-status?{query}").parse().unwrap()).map_err(|fault| fault.to_string());
        let all = of("below=secrets%2Fshop&after=secrets/shop/a.yaml").unwrap();
        assert_eq!((all.below.as_deref(), all.after.as_deref()), (Some("secrets/shop"), Some("secrets/shop/a.yaml")));
        assert_eq!(of("").unwrap(), FilesAsked::default());
        let long = format!("after={}", "a".repeat(FILE_CHARACTERS_MAX + 1));
        for (query, expected) in [
            ("below=", "`below`: expected the path"),
            (long.as_str(), "`after`: expected the path"),
            ("below=a&below=b", "`below` stands twice"),
            ("under=a", "A name that is not known is no parameter here"),
        ] {
            let message = of(query).unwrap_err();
            assert!(message.contains(expected), "{query}: {message}");
        }
    }
}
