//! Maps a service's refusals to denials, with a hint what to do. Only OAuth's codes are used (RFC 6749, section 5.2; RFC 8693,
//! section 2.2.2). A service's error message is not logged, because it may hold anything.

use super::answer::Fault;
use super::settings::FieldsError;
use crate::issue::outward::{ProviderResponse, TransportError, may_pass};
use crate::words::{Denial, Reason};
use reqwest::StatusCode;
use serde::Deserialize;

/// The provider's name in a denial.
pub(super) const PROVIDER: &str = "token_exchange";

/// OAuth's codes, each with a hint.
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
    ("unsupported_grant_type", "The service does not know the `grant_type`: `fields` of the configuration name it."),
    ("invalid_scope", "The service does not give this scope: `fields` of the policy or of the configuration name it."),
    ("invalid_target", "The service does not know the target: `fields` of the policy or of the configuration name it."),
];

/// Makes the denials of one service.
#[derive(Clone, Copy)]
pub(super) struct Refusing<'a> {
    pub(super) service: &'a str,
}

/// The configuration or a service refuses.
pub(super) fn denied(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderDenied.with_cause(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

impl Refusing<'_> {
    fn denied(self, cause: impl std::fmt::Display) -> Denial {
        denied(format!("{}: {cause}", self.service))
    }

    fn unavailable(self, cause: impl std::fmt::Display) -> Denial {
        Reason::ProviderUnavailable.with_cause(format!("{PROVIDER}: {}: {cause}", self.service)).by(PROVIDER)
    }

    /// The service did not end its token.
    pub(super) fn not_revoked(self, status: StatusCode) -> Denial {
        self.unavailable(format!("it answered {status} to the revocation of its token"))
    }

    /// The policy sets other fields than the configuration leaves to it.
    pub(super) fn fields(self, fault: FieldsError) -> Denial {
        self.denied(&fault)
            .with_detail(format!("The policy sets other fields than the service `{}` leaves to policies.", self.service))
            .with_hint("`policy_fields` of the server's configuration names them: a policy sets all of them and no other.")
    }

    /// There is no answer, or only a part of it.
    pub(super) fn cut(self, cut: &TransportError) -> Denial {
        self.unavailable(cut).with_detail(format!("The service `{}` did not answer.", self.service))
    }

    /// The answer is refused.
    pub(super) fn strange(self, fault: Fault) -> Denial {
        let denial = if fault.contradicts_request() { self.denied(fault) } else { self.unavailable(fault) };
        let denial = denial.with_detail(format!("The answer of the service `{}` is not one that was asked for.", self.service));
        match fault {
            Fault::TooLong => {
                denial.with_hint("The policy grants a longer `ttl`, or the service is told to give shorter tokens.")
            }
            _ => denial,
        }
    }

    /// Maps an answer with an error status.
    pub(super) fn refused(self, response: &ProviderResponse) -> Denial {
        let status = response.status;
        let known = code(response).and_then(|code| CODES.into_iter().find(|(known, _)| *known == code));
        let words = known.map(|(code, _)| format!(", {code}")).unwrap_or_default();
        let cause = format!("the token ({}{words})", status.as_u16());
        let denial = if may_pass(status) { self.unavailable(cause) } else { self.denied(cause) };
        let denial = denial.with_detail(format!("The service `{}` gives no token.", self.service));
        known.map_or(denial.clone(), |(_, advice)| denial.with_hint(advice))
    }
}

#[derive(Deserialize)]
struct Error {
    error: String,
}

fn code(response: &ProviderResponse) -> Option<String> {
    response.error::<Error>().map(|error| error.error)
}
