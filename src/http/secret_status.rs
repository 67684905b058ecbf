//! `GET /v1/secret-status`: how the encrypted files of a source stand, page by page, for whom a policy lets know.

use super::form::{self, FormError};
use super::reply::{self, Caller};
use super::task::run;
use crate::app::{App, FilesAsked};
use crate::exchange::Asked;
use crate::words::Reason;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{Response, Uri};
use axum::response::IntoResponse;
use std::sync::Arc;

/// Git has no longer paths on the systems that it runs on.
pub(super) const FILE_CHARACTERS_MAX: usize = 4096;

/// What is wrong with how it is asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum StatusQueryError {
    /// The query as a whole.
    #[error("The query: {0}.")]
    Query(#[from] FormError),
    /// A parameter of the query.
    #[error("{} is no parameter here: there are `below` and `after`.", form::shown(.parameter))]
    Unknown {
        /// Its name.
        parameter: String,
    },
    /// What can be no file.
    #[error("`{parameter}`: expected the path of a file or folder, of 1 to {FILE_CHARACTERS_MAX} characters.")]
    NoFile {
        /// Which one.
        parameter: &'static str,
    },
}

pub(super) async fn status(State(app): State<Arc<App>>, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    let asked = read(&uri).map(Asked::secret_status);
    match run(app, call, asked.map_err(|fault| Reason::BadRequest.because(&fault).saying(fault.to_string()))).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

fn read(uri: &Uri) -> Result<FilesAsked, StatusQueryError> {
    let mut query = form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let mut file = |parameter: &'static str| {
        let good = |text: &String| (1..=FILE_CHARACTERS_MAX).contains(&text.chars().count());
        let taken = query.remove(parameter).map(|text| Some(text).filter(good).ok_or(StatusQueryError::NoFile { parameter }));
        taken.transpose()
    };
    let asked = FilesAsked { below: file("below")?, after: file("after")? };
    match query.into_keys().next() {
        Some(parameter) => Err(StatusQueryError::Unknown { parameter }),
        None => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_in_one_way_or_not_at_all() {
        let of = |query: &str| read(&format!("/v1/secret-status?{query}").parse().unwrap()).map_err(|fault| fault.to_string());
        let all = of("below=secrets%2Fshop&after=secrets/shop/a.yaml").unwrap();
        assert_eq!((all.below.as_deref(), all.after.as_deref()), (Some("secrets/shop"), Some("secrets/shop/a.yaml")));
        assert_eq!(of("").unwrap(), FilesAsked::default());
        let long = format!("after={}", "a".repeat(FILE_CHARACTERS_MAX + 1));
        for (query, said) in [
            ("below=", "`below`: expected the path"),
            (long.as_str(), "`after`: expected the path"),
            ("below=a&below=b", "`below` stands twice"),
            ("under=a", "`under` is no parameter here"),
        ] {
            let told = of(query).unwrap_err();
            assert!(told.contains(said), "{query}: {told}");
        }
    }
}
