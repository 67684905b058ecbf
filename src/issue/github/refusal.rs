//! Maps GitHub's refusals to denials, with a hint what to do. The `message` of GitHub's JSON error goes to the audit log, shortened.
//! No other byte of an answer is logged.

use crate::issue::outward::{ProviderResponse, TransportError, may_pass};
use crate::words::{Denial, Reason, UnixTime};
use reqwest::StatusCode;
use serde::Deserialize;

/// The provider's name in a denial.
const PROVIDER: &str = "github";

/// What the request was for, for the audit log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RefusedStep {
    Installation,
    Token,
    Revocation,
}

impl RefusedStep {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Installation => "the installation",
            Self::Token => "the token",
            Self::Revocation => "the token's revocation",
        }
    }
}

/// GitHub refuses, or would refuse.
pub(super) fn denied(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderDenied.with_cause(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

/// GitHub may answer at another time.
pub(super) fn unavailable(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderUnavailable.with_cause(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

/// There is no answer, or only a part of it.
pub(super) fn cut(about: RefusedStep, cut: &TransportError) -> Denial {
    unavailable(format!("{}: {cut}", about.as_str())).with_detail("GitHub did not answer.")
}

/// The answer is not one of GitHub's.
pub(super) fn strange(about: RefusedStep, what: &str) -> Denial {
    unavailable(format!("{}: {what}", about.as_str())).with_detail("GitHub's answer is not one that GitHub gives.")
}

/// The rate limit is spent.
pub(super) fn spent(until: UnixTime) -> Denial {
    unavailable(format!("the rate limit is spent until {until}"))
        .with_detail(format!("GitHub takes no more requests of this App until {until}."))
        .with_hint("Try again then.")
}

/// The App is not installed for the account.
pub(super) fn not_installed() -> Denial {
    denied("the App is not installed for this account")
        .with_detail("The GitHub App is not installed for this account.")
        .with_hint("An owner of the account installs the App; or the policy names another account.")
}

/// The installation is suspended.
pub(super) fn suspended() -> Denial {
    denied("the installation is suspended")
        .with_detail("The GitHub App's installation is suspended.")
        .with_hint("An owner of the account lifts the suspension in the settings of the installed App.")
}

/// The installation has fewer permissions than the policy grants.
pub(super) fn not_granted(key: &str, level: &str) -> Denial {
    denied(format!("the installation was not given `{key}: {level}`"))
        .with_detail(format!("The installation of the GitHub App was not given `{key}: {level}`."))
        .with_hint("An owner of the account accepts the App's permissions; or the policy asks for less.")
}

/// Maps an answer with an error status.
pub(super) fn refused(about: RefusedStep, response: &ProviderResponse) -> Denial {
    let status = response.status;
    let words = message(response).map(|message| format!(": {message}")).unwrap_or_default();
    let cause = format!("{} ({}){words}", about.as_str(), status.as_u16());
    match status {
        StatusCode::UNAUTHORIZED => denied(cause)
            .with_detail("GitHub does not take the App's signature.")
            .with_hint("The App's `key` and its `app_id` have to belong together, and this server's clock has to be right."),
        StatusCode::UNPROCESSABLE_ENTITY => denied(cause)
            .with_detail("GitHub does not give this App one of the repositories, or one of the permissions.")
            .with_hint("The App has to be installed for each repository of the policy, with its permissions."),
        status if may_pass(status) => unavailable(cause),
        _ => denied(cause),
    }
}

#[derive(Deserialize)]
struct Error {
    message: String,
}

/// Whether an error is one of GitHub's, and not of something on the way to it.
pub(super) fn is_githubs(response: &ProviderResponse) -> bool {
    response.declared_error::<Error>().is_some()
}

fn message(response: &ProviderResponse) -> Option<String> {
    let error: Error = response.declared_error()?;
    response.sentence(&error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_may_pass_is_no_refusal() {
        for (status, reason) in [
            (400, Reason::ProviderDenied),
            (403, Reason::ProviderDenied),
            (408, Reason::ProviderUnavailable),
            (429, Reason::ProviderUnavailable),
            (503, Reason::ProviderUnavailable),
        ] {
            let response = ProviderResponse::empty(StatusCode::from_u16(status).unwrap());
            assert_eq!(refused(RefusedStep::Token, &response).reason, reason, "{status}");
        }
    }
}
