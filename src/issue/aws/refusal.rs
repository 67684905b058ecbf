//! Maps the refusals of AWS STS to denials, with a hint what to do.
//!
//! AWS's code and its error message go to the audit log, shortened, unless they repeat what the request presented. No other byte of an
//! answer does, because it may be a credential.

use super::ANSWER_BYTES_MAX;
use super::answer::Fault;
use super::ask::{Action, Ask, Hop};
use super::document::DocumentError;
use crate::custody::AnswerLimit;
use crate::issue::outward::{Presented, may_pass};
use crate::words::{Denial, Reason, root_cause};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use reqwest::StatusCode;

/// Enough for an error message of AWS with its ARNs.
const CAUSE_CHARS_MAX: usize = 500;
/// AWS STS: the session policy is malformed, or the packed policy and tags are too large.
const POLICY: [&str; 2] = ["MalformedPolicyDocument", "PackedPolicyTooLarge"];
const PASSING: [&str; 4] = ["Throttling", "ThrottlingException", "ServiceUnavailable", "InternalFailure"];
/// AWS STS: the account does not know the issuer, or could not verify the token with its keys.
const PROVIDER: [&str; 2] = ["InvalidIdentityToken", "IDPCommunicationError"];

/// Maps the error of one call.
pub(super) fn refused<E>(fault: &SdkError<E>, request: &Ask<'_>, presented: &Presented) -> Denial
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let unavailable = |cause: String| Reason::AwsUnavailable.with_cause(request.at(&cause));
    match fault {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            match service.err().code() {
                Some(code) => denial_of(status, code, service.err().message().unwrap_or_default(), request, presented),
                None => unavailable(format!("the answer ({status}) is not one of an STS")),
            }
        }
        SdkError::TimeoutError(_) => unavailable("no answer in time".to_owned()),
        SdkError::DispatchFailure(fault) => {
            let cause = fault.as_connector_error().map(|fault| root_cause(fault)).unwrap_or_default();
            unavailable(format!("not reached: {cause}"))
        }
        SdkError::ResponseError(_) if AnswerLimit::is_cause_of(fault) => {
            unavailable(format!("the answer has more than {ANSWER_BYTES_MAX} bytes"))
        }
        SdkError::ResponseError(_) => unavailable(
            DocumentError::behind(fault)
                .map_or("the answer is cut off, or not one of an STS".to_owned(), |fault| fault.to_string()),
        ),
        SdkError::ConstructionFailure(_) | _ => unavailable("the request could not be made".to_owned()),
    }
}

/// The answer is refused. The next region may give another one.
pub(super) fn strange(fault: Fault, request: &Ask<'_>) -> Denial {
    Reason::AwsUnavailable
        .with_cause(request.at(&fault.to_string()))
        .with_detail("AWS's answer is not one that was asked for, and is not taken.")
}

/// Maps an error of STS by its code, which is stable, and by the action that the message names, if it names one.
fn denial_of(status: u16, code: &str, message: &str, request: &Ask<'_>, presented: &Presented) -> Denial {
    let name = presented.code(code).unwrap_or("another error");
    let words = presented.sentence(message, CAUSE_CHARS_MAX).map(|words| format!(": {words}")).unwrap_or_default();
    let cause = request.at(&format!("{name} ({status}){words}"));
    if POLICY.contains(&code) {
        return Reason::SessionPolicyRefused
            .with_cause(cause)
            .with_detail(format!("AWS does not take the session policy: {code}."));
    }
    if StatusCode::from_u16(status).map_or(true, may_pass) || PASSING.contains(&code) {
        return Reason::AwsUnavailable.with_cause(cause);
    }
    let denied = Reason::AwsDenied.with_cause(cause);
    match code {
        "AccessDenied" => denied.with_hint(request.trust_hint(message)),
        _ if PROVIDER.contains(&code) => denied.with_hint(format!(
            "The account of {} has to know this server's issuer, and AWS has to reach the issuer's keys: `daypass aws bootstrap` \
             prints the provider.",
            request.role_text()
        )),
        _ => denied,
    }
}

impl Ask<'_> {
    /// Says for operators which call of the chain failed.
    fn at(&self, cause: &str) -> String {
        match self.hop {
            Hop::Only => cause.to_owned(),
            Hop::IntermediateRole => format!("first hop, to {}: {cause}", self.role),
            Hop::Target => format!("second hop, to {}: {cause}", self.role),
        }
    }

    /// Describes the role to the caller without its name: the caller need not know the intermediate role.
    const fn role_text(&self) -> &'static str {
        match self.hop {
            Hop::Only | Hop::Target => "the role",
            Hop::IntermediateRole => "the role in between (the policy's `via`)",
        }
    }

    /// The actions of this call that the role's trust policy has to allow.
    fn actions(&self) -> impl Iterator<Item = &'static str> {
        let assume = match self.action {
            Action::AssumeRoleWithWebIdentity => "sts:AssumeRoleWithWebIdentity",
            Action::AssumeRole => "sts:AssumeRole",
        };
        [Some(assume), self.is_tagged.then_some("sts:TagSession"), Some("sts:SetSourceIdentity")].into_iter().flatten()
    }

    fn trust_hint(&self, message: &str) -> String {
        let trusted = match (self.hop, self.action) {
            (Hop::Target, _) => "the role in between (the policy's `via`)",
            (Hop::Only | Hop::IntermediateRole, Action::AssumeRoleWithWebIdentity) => {
                "this server's issuer, with the audience of STS and the policy's subject"
            }
            (Hop::Only | Hop::IntermediateRole, Action::AssumeRole) => "this server's own AWS principal",
        };
        let named = self.actions().find(|action| is_named(message, action));
        let refused = named.map(|action| format!("AWS refused {action}. ")).unwrap_or_default();
        let allowed = self.actions().collect::<Vec<_>>().join(", ");
        let also = if self.hop == Hop::Target { ", and in another account that one's own policies too" } else { "" };
        format!(
            "{refused}The trust policy of {} has to allow {allowed} to {trusted}{also}: `daypass aws bootstrap` prints it.",
            self.role_text()
        )
    }
}

/// Whether the message names this action, and not a longer action that begins with it.
fn is_named(message: &str, action: &str) -> bool {
    message.match_indices(action).any(|(at, _)| {
        let next = message[at + action.len()..].chars().next();
        next.is_none_or(|next| !next.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests;
