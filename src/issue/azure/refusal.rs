//! Maps Entra's refusals to denials, with a hint what to do. Only `error_codes` decides, because Entra's error messages change
//! ("Microsoft Entra authentication and authorization error codes").

use super::answer::Fault;
use crate::issue::outward::{ProviderResponse, TransportError, may_pass};
use crate::words::{Denial, Reason};
use serde::Deserialize;

/// The provider's name in a denial.
pub(super) const PROVIDER: &str = "azure";
/// Codes that are recorded. Entra sends one or two.
const CODES_MAX: usize = 8;

/// Entra's codes have five to seven digits.
const CODE_MAX: u64 = 99_999_999;

/// The meaning of Entra's codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum EntraCode {
    Issuer,
    Audience,
    Subject,
    Case,
    Credential,
    Signature,
    Clock,
    Application,
    Tenant,
    Resource,
    Conditional,
    Busy,
    Unknown,
}

impl EntraCode {
    const fn of(code: u64) -> Self {
        match code {
            700_211 => Self::Issuer,
            700_212 => Self::Audience,
            700_213 | 7_002_137 => Self::Subject,
            7_002_138 => Self::Case,
            70_021 => Self::Credential,
            700_027 | 7_000_272 | 7_000_274 => Self::Signature,
            700_024 => Self::Clock,
            700_016 | 7_000_215 => Self::Application,
            90_002 | 900_021 | 900_023 => Self::Tenant,
            500_011 | 70_011 | 1_002_012 => Self::Resource,
            53_003 | 530_034 => Self::Conditional,
            90_033 | 50_196 | 90_055 => Self::Busy,
            _ => Self::Unknown,
        }
    }

    const fn explanation(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Issuer => (
                "Entra does not know our issuer for this application.",
                "`daypass azure bootstrap` prints the federated credentials to create.",
            ),
            Self::Audience => {
                ("The federated credential has another audience.", "Its audience has to be the `audience` of `providers: azure`.")
            }
            Self::Subject => (
                "No federated credential of the application has this subject.",
                "`daypass azure bootstrap` prints the subjects, byte for byte; a new one is known after some minutes.",
            ),
            Self::Case => (
                "The federated credential has this subject with other capitals.",
                "Entra compares byte for byte: create it as `daypass azure bootstrap` prints it.",
            ),
            Self::Credential => (
                "No federated credential of the application fits our token.",
                "`daypass azure bootstrap` prints those to create.",
            ),
            Self::Signature => {
                ("Entra does not take our token's signature.", "Entra has to reach the issuer's keys, and they have to be RS256.")
            }
            Self::Clock => ("Entra finds our token outside of its time.", "This server's clock has to be right."),
            Self::Application => (
                "The tenant has no such application.",
                "`client_id` of the policy and `tenant` of the configuration have to belong together.",
            ),
            Self::Tenant => ("There is no such tenant.", "`tenant` of `providers: azure` is the directory's id."),
            Self::Resource => (
                "The tenant does not know this resource.",
                "`scope` of the policy names the resource, with `/.default` behind it.",
            ),
            Self::Conditional => (
                "A Conditional Access policy of the tenant refuses the application.",
                "Whoever administers the tenant allows this server's address.",
            ),
            Self::Busy => ("Entra takes no more requests for now.", "Try again."),
            Self::Unknown => return None,
        })
    }
}

/// Entra refuses, or would refuse.
pub(super) fn denied(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderDenied.with_cause(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

fn unavailable(cause: impl std::fmt::Display) -> Denial {
    Reason::ProviderUnavailable.with_cause(format!("{PROVIDER}: {cause}")).by(PROVIDER)
}

/// There is no answer, or only a part of it.
pub(super) fn cut(cut: &TransportError) -> Denial {
    unavailable(cut).with_detail("Entra did not answer.")
}

/// The answer is refused.
pub(super) fn strange(fault: Fault) -> Denial {
    let detail = match fault {
        Fault::TooLong => "Entra's token lives longer than the policy grants.",
        _ => "Entra's answer is not one that was asked for.",
    };
    let denial = if fault.contradicts_request() { denied(fault) } else { unavailable(fault) }.with_detail(detail);
    match fault {
        Fault::TooLong => denial.with_hint("Nobody can ask Entra for less: the policy grants a longer `ttl` (24h for managed identities), or the tenant shortens it."),
        _ => denial,
    }
}

/// Entra, "Error response example".
#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    error_codes: Vec<u64>,
}

/// Maps an answer with an error status.
pub(super) fn refused(response: &ProviderResponse) -> Denial {
    let mut codes = codes(response);
    codes.truncate(CODES_MAX);
    let status = response.status;
    let listed = codes.iter().map(|code| format!(", AADSTS{code}")).collect::<String>();
    let cause = format!("the token ({}{listed})", status.as_u16());
    let meaning =
        codes.into_iter().map(EntraCode::of).find(|meaning| *meaning != EntraCode::Unknown).unwrap_or(EntraCode::Unknown);
    let is_busy = meaning == EntraCode::Busy || may_pass(status);
    let denial = if is_busy { unavailable(cause) } else { denied(cause) };
    match meaning.explanation() {
        Some((detail, advice)) => denial.with_detail(detail).with_hint(advice),
        None => denial,
    }
}

/// Whatever has more digits is no code of Entra's, and is not recorded.
fn codes(response: &ProviderResponse) -> Vec<u64> {
    let error: Option<Error> = response.error();
    error.map(|error| error.error_codes).unwrap_or_default().into_iter().filter(|code| *code <= CODE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;

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
            assert_eq!(refused(&response).reason, reason, "{status}");
        }
    }
}
