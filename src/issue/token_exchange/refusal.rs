//! What a service says when it gives no token, and what to do then. It is told by OAuth's codes (RFC 6749, section 5.2; RFC 8693,
//! section 2.2.2): a service's own sentences go nowhere, for nobody knows what a service puts there.

use super::answer::Fault;
use super::settings::FieldsError;
use crate::issue::outward::{Cut, Heard, answer};
use crate::words::{Denial, Reason};
use reqwest::StatusCode;
use serde::Deserialize;

/// Who refuses.
pub(super) const PROVIDER: &str = "token_exchange";

/// OAuth's codes, each with what it comes to.
const CODES: [(&str, &str); 7] = [
    (
        "invalid_request",
        "The service does not know the request: compare `fields` and `assertion` of the configuration with its documentation.",
    ),
    ("invalid_client", "The service does not know the client: `fields` of the configuration name it."),
    (
        "invalid_grant",
        "The service does not take our token: it has to trust `issuer_url` with `/id-tokens` behind it, the service's `audience`, and the subject `root/POLICY`, or `root/POLICY:ROW`.",
    ),
    (
        "unauthorized_client",
        "The service does not let our token's subject do this: it has to be told `root/POLICY`, or `root/POLICY:ROW`.",
    ),
    ("unsupported_grant_type", "The service knows no such `grant_type`: `fields` of the configuration have it."),
    ("invalid_scope", "The service does not give this scope: `fields` of the policy or of the configuration name it."),
    ("invalid_target", "The service does not know the target: `fields` of the policy or of the configuration name it."),
];

/// Refuses in the name of one service.
#[derive(Clone, Copy)]
pub(super) struct Refusing<'a> {
    pub(super) service: &'a str,
}

/// The configuration, or a service, says no.
pub(super) fn denied(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderDenied.because(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

impl Refusing<'_> {
    fn denied(self, cause: impl std::fmt::Display) -> Denial {
        denied(format!("{}: {cause}", self.service))
    }

    fn unavailable(self, cause: impl std::fmt::Display) -> Denial {
        Reason::ProviderUnavailable.because(format!("{PROVIDER}: {}: {cause}", self.service)).by(PROVIDER)
    }

    /// The policy sets other fields than the configuration leaves to it.
    pub(super) fn fields(self, fault: FieldsError) -> Denial {
        self.denied(&fault)
            .saying(format!("The policy sets other fields than the service `{}` leaves to policies.", self.service))
            .advising("`policy_fields` of the server's configuration names them: a policy sets all of them and no other.")
    }

    /// Nothing was heard, or not all.
    pub(super) fn cut(self, cut: &Cut) -> Denial {
        self.unavailable(cut).saying(format!("The service `{}` did not answer.", self.service))
    }

    /// What was heard is not what was asked for.
    pub(super) fn strange(self, fault: Fault) -> Denial {
        let denial = if fault.is_lie() { self.denied(fault) } else { self.unavailable(fault) };
        let denial = denial.saying(format!("The answer of the service `{}` is not one that was asked for.", self.service));
        match fault {
            Fault::TooLong => denial.advising("The policy grants a longer `ttl`, or the service is told to give shorter tokens."),
            _ => denial,
        }
    }

    /// An answer that is no success.
    pub(super) fn refused(self, heard: &Heard) -> Denial {
        let status = heard.status;
        let known = code(heard).and_then(|code| CODES.into_iter().find(|(known, _)| *known == code));
        let words = known.map(|(code, _)| format!(", {code}")).unwrap_or_default();
        let cause = format!("the token ({}{words})", status.as_u16());
        let is_busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) || !status.is_client_error();
        let denial = if is_busy { self.unavailable(cause) } else { self.denied(cause) };
        let denial = denial.saying(format!("The service `{}` gives no token.", self.service));
        known.map_or(denial.clone(), |(_, advice)| denial.advising(advice))
    }
}

#[derive(Deserialize)]
struct Error {
    error: String,
}

fn code(heard: &Heard) -> Option<String> {
    if heard.cut.is_some() {
        return None;
    }
    let error: Error = answer(&heard.body).ok()?;
    Some(error.error)
}
