//! Maps Google's refusals to denials, with a hint what to do. The STS writes OAuth's JSON, the other API google.rpc.Status; the codes
//! of both decide. The message of such an error goes to the audit log, shortened. No other byte of an answer is logged.

use super::google::Method;
use crate::issue::outward::{ProviderResponse, TransportError, may_pass};
use crate::words::{Denial, Reason};
use serde::Deserialize;
use std::time::Duration;

/// The provider's name in a denial.
pub(super) const PROVIDER: &str = "gcp";

/// What the request was for, for the audit log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RefusedStep {
    Federation,
    Boundary,
    Impersonation(Method),
}

impl RefusedStep {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Federation => "the federated token",
            Self::Boundary => "the boundary",
            Self::Impersonation(Method::GenerateAccessToken) => "the access token",
            Self::Impersonation(Method::GenerateIdToken) => "the ID token",
        }
    }
}

/// Google refuses, or would refuse.
pub(super) fn denied(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderDenied.with_cause(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

/// Google may answer at another time.
pub(super) fn unavailable(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderUnavailable.with_cause(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

/// There is no answer, or only a part of it.
pub(super) fn cut(about: RefusedStep, cut: &TransportError) -> Denial {
    unavailable(format!("{}: {cut}", about.as_str())).with_detail("Google did not answer.")
}

/// The answer is refused.
pub(super) fn not_accepted(about: RefusedStep, fault: super::answer::Fault) -> Denial {
    let cause = format!("{}: {fault}", about.as_str());
    if fault.contradicts_request() {
        denied(cause).with_detail("Google's answer is not what was asked for, and is not taken.")
    } else {
        unavailable(cause).with_detail("Google's answer is not one that Google gives.")
    }
}

/// Maps an answer with an error status.
pub(super) fn refused(about: RefusedStep, response: &ProviderResponse, ttl: Duration) -> Denial {
    match about {
        RefusedStep::Federation | RefusedStep::Boundary => match response.declared_error::<OAuthError>() {
            Some(error) => by_sts(about, response, &error),
            None => unreadable(about, response),
        },
        RefusedStep::Impersonation(method) => match response.declared_error::<Status>() {
            Some(status) => by_iam(about, method, response, &status.error, ttl),
            None => unreadable(about, response),
        },
    }
}

/// The error is not readable, so the status alone decides whether it may pass.
fn unreadable(about: RefusedStep, response: &ProviderResponse) -> Denial {
    let cause = format!("{} ({})", about.as_str(), response.status.as_u16());
    if may_pass(response.status) { unavailable(cause) } else { denied(cause) }
}

fn cause_of(about: RefusedStep, response: &ProviderResponse, code: &str, message: Option<&str>) -> String {
    let words = message.and_then(|message| response.sentence(message)).map(|words| format!(": {words}")).unwrap_or_default();
    format!("{} ({}): {code}{words}", about.as_str(), response.status.as_u16())
}

/// RFC 6749, section 5.2.
#[derive(Deserialize)]
struct OAuthError {
    error: OAuthCode,
    error_description: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum OAuthCode {
    InvalidRequest,
    InvalidGrant,
    InvalidTarget,
    InvalidScope,
    UnauthorizedClient,
    #[serde(other)]
    Other,
}

fn by_sts(about: RefusedStep, response: &ProviderResponse, error: &OAuthError) -> Denial {
    let code = match error.error {
        OAuthCode::InvalidRequest => "invalid_request",
        OAuthCode::InvalidGrant => "invalid_grant",
        OAuthCode::InvalidTarget => "invalid_target",
        OAuthCode::InvalidScope => "invalid_scope",
        OAuthCode::UnauthorizedClient => "unauthorized_client",
        OAuthCode::Other => "another error",
    };
    let cause = cause_of(about, response, code, error.error_description.as_deref());
    if may_pass(response.status) {
        return unavailable(cause);
    }
    let denied = denied(cause);
    match (about, error.error) {
        (RefusedStep::Boundary, _) => denied
            .with_detail("Google does not take the policy's boundary.")
            .with_hint("A boundary is of buckets that exist, with roles of Cloud Storage that the service account has there."),
        (_, OAuthCode::UnauthorizedClient) => denied
            .with_detail("The workload identity provider's attribute condition does not take this policy's subject.")
            .with_hint("The condition has to hold for `google.subject`: `daypass gcp bootstrap` prints one that does."),
        (_, OAuthCode::InvalidTarget) => denied
            .with_detail("The workload identity pool or its provider is gone, disabled, or not the one that the configuration names.")
            .with_hint("`providers: { gcp: { provider: … } }` names it by its project's number; one that was deleted can be undeleted for 30 days."),
        (_, OAuthCode::InvalidGrant) => denied
            .with_detail("Google does not take this server's token.")
            .with_hint("The provider's issuer has to be this server's, and its keys have to be there: reachable, or uploaded anew after each rotation (`--jwk-json-path`). This server's clock has to be right."),
        (_, OAuthCode::InvalidRequest) => denied
            .with_detail("Google does not take the audience of this server's token, or an attribute that is mapped from it.")
            .with_hint("The provider's allowed audiences have to hold its own name (the default), and it maps `google.subject` to `assertion.sub`."),
        (_, OAuthCode::InvalidScope) => denied
            .with_detail("Google does not know one of the policy's scopes.")
            .with_hint("Scopes are addresses such as https://www.googleapis.com/auth/cloud-platform."),
        (_, OAuthCode::Other) => denied,
    }
}

/// google.rpc.Status, as Google's APIs write it in JSON (AIP-193).
#[derive(Deserialize)]
struct Status {
    error: StatusError,
}

#[derive(Deserialize)]
struct StatusError {
    message: Option<String>,
    status: Code,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Code {
    PermissionDenied,
    NotFound,
    InvalidArgument,
    FailedPrecondition,
    Unauthenticated,
    #[serde(other)]
    Other,
}

/// google.rpc.ErrorInfo, or a detail of another type, which has no reason.
#[derive(Deserialize)]
struct Detail {
    reason: Option<Why>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Why {
    ServiceDisabled,
    AccessTokenScopeInsufficient,
    #[serde(other)]
    Other,
}

/// IAM Service Account Credentials API: a longer token needs an organization policy.
const HOUR: Duration = Duration::from_secs(3600);

fn by_iam(about: RefusedStep, method: Method, response: &ProviderResponse, error: &StatusError, ttl: Duration) -> Denial {
    let code = match error.status {
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::NotFound => "NOT_FOUND",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Unauthenticated => "UNAUTHENTICATED",
        Code::Other => "another error",
    };
    let cause = cause_of(about, response, code, error.message.as_deref());
    if may_pass(response.status) {
        return unavailable(cause);
    }
    let denied = denied(cause);
    let reason = error.details.iter().find_map(|detail| detail.reason);
    let longer = method == Method::GenerateAccessToken && ttl > HOUR;
    match (error.status, reason) {
        (_, Some(Why::ServiceDisabled)) => denied
            .with_detail("The IAM Service Account Credentials API is not enabled in the project.")
            .with_hint("An owner of the project enables iamcredentials.googleapis.com."),
        (_, Some(Why::AccessTokenScopeInsufficient)) => denied
            .with_detail("The federated token's scope is too narrow for the IAM Service Account Credentials API.")
            .with_hint("Show the decision id to the operator: this server asks for the scope that Google documents."),
        (Code::PermissionDenied, _) => denied
            .with_detail("This policy's subject may not act as the service account, or there is none of that name.")
            .with_hint("The account grants roles/iam.workloadIdentityUser to the subject, and with `delegates` each account roles/iam.serviceAccountTokenCreator to the one before it: `daypass gcp bootstrap` prints the bindings."),
        (Code::NotFound, _) => denied
            .with_detail("There is no service account of that name.")
            .with_hint("Correct the policy's `service_account`."),
        (Code::InvalidArgument | Code::FailedPrecondition, _) if longer => denied
            .with_detail("Google does not give this service account a token that lives for more than an hour.")
            .with_hint("The organization's policy iam.allowServiceAccountCredentialLifetimeExtension has to name it; or the policy says `ttl: 1h`."),
        (Code::Unauthenticated, _) => denied.with_detail("Google does not take the federated token."),
        _ => denied,
    }
}
