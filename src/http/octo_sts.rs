//! octo-sts's API (`GET /sts/exchange`), for teams that migrate: octo-sts's Action gets its token here. A thin face of one
//! `exchange()`.
//!
//! Scope and identity name the policy: `OWNER/REPOSITORY/IDENTITY`, or `OWNER/IDENTITY` where the scope is an account. A policy
//! `OWNER/IDENTITY` with rows stands for the policies of several repositories, as `policy import` writes it.

use super::form;
use super::problem::add_retry_after;
use super::reply;
use super::routes::Routes;
use super::stopping::Peer;
use super::task::run;
use crate::app::App;
use crate::exchange::{ExchangeRequest, RecordedRefusal, RequestContext, refuse};
use crate::kind::{GitHubTarget, GitHubToken, RepositoryScope};
use crate::policy::{PolicySet, Request, TrustPolicy};
use crate::words::exposed;
use crate::words::github::{Owner, RepositoryName};
use crate::words::names::PolicyName;
use crate::words::{Denial, Reason, Secret};
use axum::body::Body;
use axum::extract::{Extension, OriginalUri, State};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// The API's name in the audit log.
const API: &str = "octo-sts";

/// Its route.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/sts/exchange", answer)
}

/// The answer that its clients read.
#[derive(Serialize)]
struct RawToken<'a> {
    #[serde(with = "exposed::text")]
    token: &'a Secret,
}

async fn answer(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response<Body> {
    let call = RequestContext { api: API, ..reply::call(peer.as_deref(), &headers) };
    let released = match read(&uri) {
        Ok(request) => {
            let request = request.into_request(&app);
            run(app, call, Ok(ExchangeRequest::credentials(request))).await
        }
        Err(denial) => Err(refuse(&app, &RequestContext { token: Err(denial.clone()), ..call }, denial).await),
    };
    let answered = released.and_then(|released| {
        let token = &released.only::<GitHubToken>()?.token;
        Ok(reply::json_answer(&RawToken { token }))
    });
    answered.unwrap_or_else(|refused| refusal(&refused))
}

/// What a client asks for.
struct ScopedRequest {
    /// The repository of its scope; none if the scope is an account.
    repositories: Option<RepositoryScope>,
    /// The policy of scope and identity.
    policy: PolicyName,
    /// The policy of the scope's account and the identity.
    of_account: Option<PolicyName>,
}

/// Reads `scope=OWNER/REPOSITORY&identity=NAME`, also with `scopes`. The policy decides the permissions. If the scope is a repository,
/// the token is for that repository alone.
fn read(uri: &Uri) -> Result<ScopedRequest, Denial> {
    let bad = |name: &str, fault: &dyn std::fmt::Display| {
        Reason::BadRequest.with_cause(format!("{name}: {fault}")).with_detail(format!("{name}: {fault}."))
    };
    let mut query = form::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|fault| bad("The query", &fault))?;
    let mut take = |name: &str| query.remove(name).ok_or_else(|| bad(&format!("`{name}`"), &"is missing"));
    // Since 1.0.1 octo-sts's Action sends the scope by both names. octo-sts reads `scopes` first, and takes only one.
    let scope = match (take("scopes"), take("scope")) {
        (Ok(one), Ok(same)) if one != same => {
            return Err(bad("`scopes`", &"is another one than `scope`, and a token is for one"));
        }
        (Ok(scope), _) | (Err(_), Ok(scope)) => scope,
        (Err(_), Err(missing)) => return Err(missing),
    };
    let identity = take("identity")?;
    if let Some(unknown) = query.keys().next() {
        return Err(bad("The query", &format!("{} is no parameter here", form::quoted(unknown))));
    }
    let repository = if scope.contains('/') {
        Some(RepositoryName::parse(&scope).map_err(|fault| bad("`scope`", &fault))?)
    } else {
        Owner::parse(&scope).map(|_| None).map_err(|fault| bad("`scope`", &fault))?
    };
    if identity.contains('/') {
        return Err(bad("`identity`", &"has no `/`"));
    }
    let named = |scope: &str| PolicyName::parse(&format!("{scope}/{identity}")).map_err(|fault| bad("`identity`", &fault));
    let policy = named(&scope)?;
    let of_account = repository.as_ref().map(|repository| named(repository.owner().as_str())).transpose()?;
    Ok(ScopedRequest { repositories: repository.map(|name| RepositoryScope::Named([name].into())), policy, of_account })
}

impl ScopedRequest {
    /// The request by the policy that is in force. A policy of the account without rows is for requests with the account as their scope.
    fn into_request(self, app: &App) -> Request {
        let live = app.in_force();
        self.by(live.as_ref().ok().and_then(|live| live.policies().ok()))
    }

    fn by(self, policies: Option<&PolicySet>) -> Request {
        // The names of repositories ignore case. Another spelling must not lead past the repository's own policy.
        let with_rows = self.of_account.filter(|name| {
            policies.is_some_and(|policies| {
                policies.named(name).is_some_and(TrustPolicy::has_rows) && !policies.is_named_in_any_case(&self.policy)
            })
        });
        let policy = with_rows.unwrap_or(self.policy);
        let target = GitHubTarget { repositories: self.repositories, ..GitHubTarget::default() };
        Request::one(target.into(), Some(policy))
    }
}

/// An error as gRPC's gateway writes it (google.rpc.Status): its clients show the status, and some the message.
fn refusal(refused: &RecordedRefusal) -> Response<Body> {
    let (denial, decision) = (refused.denial(), refused.decision());
    let message = format!("{} {} ({}, decision {decision})", denial.public_detail(), refused.hint(), denial.reason.code());
    let mut response = reply::json_answer(&json!({ "code": code(denial.reason.status()), "message": message, "details": [] }));
    *response.status_mut() = StatusCode::from_u16(denial.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    add_retry_after(&mut response);
    response
}

/// google.rpc.Code, by the status that the gateway gives each.
const fn code(status: u16) -> u8 {
    match status {
        400 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        429 => 8,
        503 => 14,
        _ => 13,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<String, String> {
        let uri: Uri = format!("/sts/exchange?{query}").parse().unwrap();
        let request = super::read(&uri).map_err(|denial| denial.public_detail().to_string())?.by(None);
        Ok(format!("{} by {}", request.credentials[0], request.policy.unwrap()))
    }

    #[test]
    fn a_client_that_asks_too_often_is_told_to_back_off() {
        let has = |reason: Reason| {
            refusal(&RecordedRefusal::unrecorded(reason.with_cause("x"))).headers().contains_key(axum::http::header::RETRY_AFTER)
        };
        assert!(has(Reason::RateLimited) && has(Reason::Overloaded) && !has(Reason::NoMatchingPolicy));
    }

    #[test]
    fn a_scope_and_an_identity_name_a_policy() {
        assert_eq!(read("scope=acme/shop&identity=ci").as_deref(), Ok("github acme/shop by acme/shop/ci"));
        assert_eq!(read("scope=acme&identity=ci").as_deref(), Ok("github by acme/ci"));
        for scopes in ["scope=acme/shop&scopes=acme/shop", "scopes=acme/shop", "scopes=acme%2Fshop&scope=acme/shop"] {
            assert_eq!(read(&format!("{scopes}&identity=ci")).as_deref(), Ok("github acme/shop by acme/shop/ci"), "{scopes}");
        }
        for bad in [
            "",
            "scope=acme/shop",
            "identity=ci",
            "scope=&identity=ci",
            "scope=acme/shop/x&identity=ci",
            "scope=acme/shop&identity=../x",
            "scope=acme/shop&identity=a/b",
            "scope=acme/shop&identity=",
            "scope=acme/shop&identity=ci&identity=x",
            "scope=acme%2F..&identity=ci",
            "scope=acme/shop&identity=ci&scopes=x",
            "scope=acme/shop&identity=ci&scopes=",
            "scope=acme&identity=ci&scopes=acme/shop",
            "scope=acme/shop&identity=ci&scopes=acme/shop,acme/site",
            "scope=acme/shop&identity=ci&scopes=acme/shop&scopes=acme/site",
            "scopes=acme/shop,acme/site&identity=ci",
            "scopes=acme/shop&scopes=acme/site&identity=ci",
            "scope=a%0Ab/c&identity=ci",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
