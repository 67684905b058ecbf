//! `GET /v1/audit`: the audit log, page by page, for identities that a policy lets read it.

use super::form::{self, FormError, Values};
use super::reply::{self, Caller};
use super::task::run;
use crate::app::App;
use crate::exchange::{AuditQuery, ExchangeRequest, RECORDS_MAX, SEQ_MAX};
use crate::store::{RECORD_KINDS, RecordFilter};
use crate::words::names::{IssuerName, NameError, PolicyName};
use crate::words::{DurationError, IdSuffix, NoIdSuffix, Reason, parse_duration};
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{Response, Uri};
use axum::response::IntoResponse;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Its parameters, for the error that an unknown one gets.
const PARAMETERS: &str = "`kind`, `code`, `policy`, `repository`, `issuer`, `decision`, `since`, `before`, `after` and `limit`";
/// Forges' names of repositories are shorter. Without a limit a client could get any text recorded.
pub(super) const REPOSITORY_CHARACTERS_MAX: usize = 512;

/// What is wrong with a query of the log.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AuditQueryError {
    /// The query as a whole.
    #[error("The query: {0}.")]
    Query(#[from] FormError),
    /// A parameter of the query.
    #[error("{} is no parameter here: there are {PARAMETERS}.", form::opening(.parameter))]
    Unknown {
        /// Its name.
        parameter: String,
    },
    /// The kind of records.
    #[error("`kind`: there is no such kind; docs/reference/audit-records.md has them all.")]
    Kind,
    /// The code of a refusal.
    #[error("`code`: there is no such code; docs/reference/codes.md has them all.")]
    Code,
    /// The repository of the records.
    #[error("`repository`: expected a name, or name@id.")]
    Repository,
    /// The policy that granted or was named.
    #[error("`policy`: {0}.")]
    Policy(#[source] NameError),
    /// The issuer of the token.
    #[error("`issuer`: {0}.")]
    Issuer(#[source] NameError),
    /// The end of a decision's id.
    #[error("`decision`: {0}.")]
    Decision(#[from] NoIdSuffix),
    /// How old the records may be.
    #[error("`since`: {0}.")]
    Since(#[from] DurationError),
    /// `before`, `after` or `limit` as a number.
    #[error("`{parameter}`: expected a whole number from {} to {}.", .range.start(), .range.end())]
    Number {
        /// The parameter.
        parameter: &'static str,
        /// The numbers that it takes.
        range: RangeInclusive<i64>,
    },
}

pub(super) async fn audit(State(app): State<Arc<App>>, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    let request = read(&uri)
        .map(ExchangeRequest::audit)
        .map_err(|fault| Reason::BadRequest.with_cause(&fault).with_detail(fault.to_string()));
    match run(app, call, request).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

fn read(uri: &Uri) -> Result<AuditQuery, AuditQueryError> {
    let mut query = form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let filter = RecordFilter {
        kind: take_param(&mut query, "kind", |text| {
            RECORD_KINDS.contains(&text).then(|| text.to_owned()).ok_or(AuditQueryError::Kind)
        })?,
        code: take_param(&mut query, "code", |text| code(text).ok_or(AuditQueryError::Code))?,
        policy: take_param(&mut query, "policy", |text| PolicyName::parse(text).map_err(AuditQueryError::Policy))?
            .map(|policy| policy.to_string()),
        repository: take_param(&mut query, "repository", |text| {
            is_repository(text).then(|| text.to_owned()).ok_or(AuditQueryError::Repository)
        })?,
        issuer: take_param(&mut query, "issuer", |text| IssuerName::parse(text).map_err(AuditQueryError::Issuer))?
            .map(|issuer| issuer.to_string()),
        decision: take_param(&mut query, "decision", |text| Ok(IdSuffix::parse(text)?))?,
    };
    let lasting = take_param(&mut query, "since", |text| Ok(parse_duration(text)?))?;
    let before = number(&mut query, "before", 1..=SEQ_MAX)?;
    let after = number(&mut query, "after", 0..=SEQ_MAX)?.unwrap_or_default();
    let limit = number(&mut query, "limit", 1..=i64::try_from(RECORDS_MAX).unwrap_or(SEQ_MAX))?;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(RECORDS_MAX);
    match query.into_keys().next() {
        Some(parameter) => Err(AuditQueryError::Unknown { parameter }),
        None => Ok(AuditQuery { filter, before, after, lasting, limit }),
    }
}

fn take_param<T>(
    query: &mut Values,
    parameter: &'static str,
    read: impl FnOnce(&str) -> Result<T, AuditQueryError>,
) -> Result<Option<T>, AuditQueryError> {
    query.remove(parameter).map(|text| read(&text)).transpose()
}

fn number(query: &mut Values, parameter: &'static str, range: RangeInclusive<i64>) -> Result<Option<i64>, AuditQueryError> {
    take_param(query, parameter, |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or(AuditQueryError::Number { parameter, range })
    })
}

fn code(text: &str) -> Option<String> {
    Reason::ALL.iter().map(|reason| reason.code()).find(|code| *code == text).map(str::to_owned)
}

fn is_repository(text: &str) -> bool {
    (1..=REPOSITORY_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<AuditQuery, String> {
        read(&format!("/v1/audit?{query}").parse().unwrap()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn each_parameter_of_a_query_is_read_and_checked() {
        let all = of(
            "kind=refused&code=denied&policy=shop/deploy&repository=acme/shop@1&issuer=github&decision=7d8e9f01&since=30d&before=9&after=2&limit=5",
        );
        let all = all.unwrap();
        assert_eq!((all.before, all.after, all.limit), (Some(9), 2, 5));
        assert_eq!(all.filter.code.as_deref(), Some("denied"));
        let none = of("").unwrap();
        assert_eq!((none.before, none.after, none.limit, none.lasting), (None, 0, RECORDS_MAX, None));
        for (query, expected) in [
            ("kind=Refused", "there is no such kind"),
            ("code=no_matching_polcy", "there is no such code"),
            ("policy=", "`policy`:"),
            ("repository=", "`repository`: expected"),
            ("issuer=Git%20Hub", "`issuer`:"),
            ("decision=12", "`decision`: expected an id"),
            ("since=30", "`since`:"),
            ("before=0", "`before`: expected a whole number from 1"),
            ("before=9007199254740992", "`before`: expected a whole number from 1 to 9007199254740991"),
            ("after=-1", "`after`: expected a whole number from 0"),
            ("limit=0", "`limit`: expected a whole number from 1 to 1000."),
            ("limit=1001", "`limit`: expected a whole number from 1 to 1000."),
            ("limit=x", "`limit`: expected a whole number from 1 to 1000."),
            ("after=1&after=2", "`after` stands twice"),
            ("kinds=a", "A name near `kind` is no parameter here: there are `kind`"),
            ("policy=%00", "NUL"),
        ] {
            let message = of(query).unwrap_err();
            assert!(message.contains(expected), "{query}: {message}");
        }
    }
}
