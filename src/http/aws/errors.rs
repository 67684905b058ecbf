//! Refusals as AWS's errors: the code decides whether a client tries again, and the message reaches the job's log verbatim.

use super::xml::Xml;
use crate::exchange::RecordedRefusal;
use crate::words::{Denial, Reason};

/// A malformed request, with AWS's code for it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) status: u16,
    pub(super) denial: Denial,
}

impl Fault {
    /// A fault of the request's form; the caller sees the text.
    pub(super) fn of(code: &'static str, words: impl Into<String>) -> Self {
        let words = words.into();
        Self { code, status: 400, denial: Reason::BadRequest.with_cause(format!("{code}: {words}")).with_detail(words) }
    }

    /// A parameter's value is missing, or outside of its limits.
    pub(super) fn value(name: &str, words: &str) -> Self {
        Self::of("ValidationError", format!("`{name}` {words}"))
    }
}

impl From<Denial> for Fault {
    fn from(denial: Denial) -> Self {
        let (code, status) = code(denial.reason);
        Self { code, status, denial }
    }
}

/// A refusal as AWS would write it.
pub(super) struct AwsError {
    pub(super) code: &'static str,
    pub(super) status: u16,
    pub(super) message: String,
    decision: String,
}

impl AwsError {
    /// The refusal by its reason.
    pub(super) fn of(refused: &RecordedRefusal) -> Self {
        let (code, status) = code(refused.denial().reason);
        Self::coded(refused, code, status)
    }

    /// The refusal by another code: AWS has several codes for a malformed request.
    pub(super) fn coded(refused: &RecordedRefusal, code: &'static str, status: u16) -> Self {
        let (denial, decision) = (refused.denial(), refused.decision().to_string());
        // If the refusal could not be recorded, it is refused for that reason and not for its form.
        let (code, status) = if denial.reason == Reason::BadRequest { (code, status) } else { self::code(denial.reason) };
        let message = format!("{} {} ({}, decision {decision})", denial.public_detail(), refused.hint(), denial.reason.code());
        Self { code, status, message, decision }
    }

    /// The document of a query API.
    pub(super) fn xml(&self) -> String {
        let kind = if self.status < 500 { "Sender" } else { "Receiver" };
        Xml::document("ErrorResponse", |xml| {
            xml.element("Error", |xml| {
                xml.text("Type", kind);
                xml.text("Code", self.code);
                xml.text("Message", &self.message);
            });
            xml.text("RequestId", &self.decision);
        })
    }

    pub(super) fn decision(&self) -> &str {
        &self.decision
    }
}

/// AWS STS's code and status (API reference, AssumeRoleWithWebIdentity and common errors). SDKs try again only on a status of 500
/// or more, on IDPCommunicationError and on throttling. They never repeat a request that was denied.
pub(super) const fn code(reason: Reason) -> (&'static str, u16) {
    match reason {
        Reason::TokenMissing
        | Reason::TokenMalformed
        | Reason::TokenTypeRefused
        | Reason::AlgorithmRefused
        | Reason::UnknownIssuer
        | Reason::AudienceMismatch
        | Reason::UnknownKey
        | Reason::SignatureInvalid
        | Reason::ProofMissing
        | Reason::SessionRefused
        | Reason::ProofInvalid
        | Reason::TokenNotYetValid => ("InvalidIdentityToken", 400),
        Reason::TokenExpired | Reason::TokenTooOld => ("ExpiredTokenException", 400),
        Reason::ClaimRefused | Reason::Replayed => ("IDPRejectedClaim", 403),
        Reason::NoMatchingPolicy
        | Reason::Denied
        | Reason::ClaimUnreadable
        | Reason::PolicyAmbiguous
        | Reason::ProofRequired
        | Reason::TagRefused
        | Reason::SessionNameRefused
        | Reason::SessionPolicyDenied
        | Reason::HookRefused
        | Reason::CommitRefused
        | Reason::SecretMissing
        | Reason::SecretUnreadable
        | Reason::AwsDenied
        | Reason::ProviderDenied => ("AccessDenied", 403),
        Reason::SessionPolicyRefused => ("MalformedPolicyDocument", 400),
        Reason::CredentialUnknown => ("InvalidClientTokenId", 403),
        Reason::BadRequest | Reason::MediaTypeRefused => ("ValidationError", 400),
        Reason::NotFound | Reason::MethodNotAllowed => ("InvalidAction", 400),
        Reason::TooLarge => ("RequestEntityTooLargeException", 413),
        Reason::IssuerUnavailable => ("IDPCommunicationError", 400),
        Reason::AwsUnavailable
        | Reason::ProviderUnavailable
        | Reason::AuditUnavailable
        | Reason::PolicyUnavailable
        | Reason::PolicyChanged
        | Reason::Overloaded => ("ServiceUnavailable", 503),
        // After this code AWS's own clients wait longer before each try.
        Reason::RateLimited => ("Throttling", 400),
        Reason::Internal => ("InternalFailure", 500),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an SDK tries again (botocore's `_retry.json` and standard mode, smithy's standard mode).
    fn is_retried((code, status): (&str, u16)) -> bool {
        matches!(status, 500 | 502 | 503 | 504) || matches!(code, "IDPCommunicationError" | "ThrottlingException")
    }

    #[test]
    fn sdks_repeat_transient_faults_and_never_a_denial() {
        for reason in Reason::ALL {
            let passing = matches!(reason.status(), 500 | 503);
            assert_eq!(is_retried(code(*reason)), passing, "{}", reason.code());
        }
    }

    #[test]
    fn the_message_has_our_code_the_hint_and_the_decision() {
        let refused = RecordedRefusal::unrecorded(Reason::NoMatchingPolicy.with_cause("the operator's <cause>"));
        let document = AwsError::of(&refused).xml();
        for words in [
            "<Code>AccessDenied</Code>",
            "<Type>Sender</Type>",
            "no_matching_policy",
            Reason::NoMatchingPolicy.title(),
            "daypass policy explain",
            &format!("<RequestId>{}</RequestId>", refused.decision()),
            &format!("decision {}", refused.decision()),
        ] {
            assert!(document.contains(words), "{words}: {document}");
        }
        assert!(!document.contains("cause"), "{document}");
        assert!(AwsError::of(&RecordedRefusal::unrecorded(Reason::Overloaded.with_cause("x"))).xml().contains("Receiver"));
    }
}
