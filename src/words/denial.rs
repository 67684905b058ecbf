//! Every way to fail. A [`Reason`] is for the caller. The cause of a [`Denial`] is only for the audit log.

use super::without_secrets;
use std::fmt;

/// Who has to act for the request to succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    /// The job or pod that asked.
    Caller,
    /// The operator who writes policies and configuration.
    Operator,
    /// The issuer of the token.
    Issuer,
    /// A cloud or another provider.
    Cloud,
    /// daypass itself.
    Us,
}

macro_rules! reasons {
    ($($variant:ident, $code:literal, $status:literal, $party:ident, $title:literal, $hint:literal;)*) => {
        /// Why a request was refused: a stable word, its HTTP status and what to do next.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Reason { $(#[doc = $title] $variant,)* }

        impl Reason {
            /// All reasons, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable word in `code`.
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code,)* } }

            /// The HTTP status (RFC 9110) that goes with it.
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status,)* } }

            /// Who has to act.
            pub const fn party(self) -> Party { match self { $(Self::$variant => Party::$party,)* } }

            /// One sentence that names what happened.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }

            /// What the caller can do next; safe in a public job log.
            pub const fn hint(self) -> &'static str { match self { $(Self::$variant => $hint,)* } }
        }
    };
}

reasons! {
    TokenMissing, "token_missing", 401, Caller, "The request carries no token.", "Send the job's OIDC token as `Authorization: Bearer …`.";
    TokenMalformed, "token_malformed", 401, Caller, "The token is not a well-formed compact JWS.", "Send the token exactly as the CI issued it, with nothing added or re-encoded.";
    TokenTypeRefused, "token_type_refused", 401, Caller, "The token is of a type that is not accepted here.", "Send the job's OIDC identity token, not an access or logout token.";
    AlgorithmRefused, "algorithm_refused", 401, Issuer, "The token is signed with an algorithm that is not accepted.", "The issuer must sign with one of the algorithms configured for it.";
    UnknownIssuer, "unknown_issuer", 401, Operator, "The token's issuer is not configured here.", "Ask the operator to add this issuer to the server's configuration.";
    AudienceMismatch, "audience_mismatch", 401, Caller, "The token was not made for this server.", "Request the token with exactly one audience: this server's.";
    UnknownKey, "unknown_key", 401, Issuer, "The token is signed with a key that its issuer does not publish.", "Request a fresh token; if that fails too, the issuer's published keys are out of date.";
    SignatureInvalid, "signature_invalid", 401, Caller, "The token's signature does not verify.", "Request a fresh token and send it unchanged.";
    ProofMissing, "proof_missing", 401, Caller, "The token is bound to a key, and the request has no proof of that key.", "Send a `DPoP` header by that key (RFC 9449): `daypass exec` does; this API may not take one.";
    ProofInvalid, "proof_invalid", 401, Caller, "The proof of possession does not hold.", "Make a fresh proof for each request, by the key that the token's audience names.";
    ProofRequired, "proof_required", 403, Caller, "The policy wants a token that is bound to a key.", "Use `daypass exec`, or request the token with the audience `…?cnf=THUMBPRINT` and send its proof.";
    TokenExpired, "token_expired", 401, Caller, "The token has expired.", "Request a fresh token right before the exchange.";
    TokenNotYetValid, "token_not_yet_valid", 401, Issuer, "The token is not valid yet.", "The issuer's clock is ahead, or the token was made for later use.";
    TokenTooOld, "token_too_old", 401, Caller, "The token is older than this issuer's tokens may be.", "Request a fresh token right before the exchange.";
    ClaimRefused, "claim_refused", 401, Issuer, "A claim of the token is missing or of the wrong type.", "The issuer's tokens do not fit the claim mapping configured for it.";
    ClaimUnreadable, "claim_unreadable", 403, Issuer, "A denial looks at a claim of the token that cannot be read.", "Show the decision id to the operator: the issuer's tokens do not fit the claim mapping configured for it.";
    SessionRefused, "session_refused", 403, Caller, "The session token is not one of this server's, or the session has ended.", "Log in again with a fresh token of the job, from where the session is used.";
    Replayed, "replayed", 403, Caller, "This token was already used, for this credential or by another client.", "Request a fresh token for each attempt, and use it where it was requested.";
    RateLimited, "rate_limited", 429, Caller, "This identity was answered too often.", "Ask again in a minute, and for less.";
    NoMatchingPolicy, "no_matching_policy", 403, Operator, "No trust policy grants this.", "Show the decision id to the operator: `daypass policy explain --decision ID` tells which line did not match.";
    Denied, "denied", 403, Operator, "A guardrail or an operator denies this.", "Show the decision id to the operator: `daypass policy explain --decision ID` tells what denies it.";
    PolicyAmbiguous, "policy_ambiguous", 403, Caller, "Several policies grant this with different terms.", "Name the policy in the request.";
    TagRefused, "tag_refused", 403, Operator, "A session tag that the policy asks for is outside of what AWS accepts.", "Change the policy's tag or the value it is taken from; nothing is ever truncated.";
    SessionNameRefused, "session_name_refused", 403, Operator, "The session name that the policy asks for is outside of what AWS accepts.", "Change the policy's `session_name` or the value it is taken from; nothing is ever truncated.";
    SessionPolicyDenied, "session_policy_denied", 403, Caller, "The trust policy sets this role's session policy, so a caller's own is refused.", "Ask without a session policy.";
    SessionPolicyRefused, "session_policy_refused", 400, Caller, "AWS does not take the session policy.", "Correct the session policy that the request or the trust policy sets.";
    CredentialUnknown, "credential_unknown", 403, Caller, "These AWS credentials were not issued here, or have ended.", "Ask AWS's own STS about other credentials: set AWS_ENDPOINT_URL_STS only where this server's are used.";
    BadRequest, "bad_request", 400, Caller, "The request is not one that this API knows.", "See docs/api.md for the request's form.";
    NotFound, "not_found", 404, Caller, "There is no such address.", "See docs/api.md for the addresses.";
    MethodNotAllowed, "method_not_allowed", 405, Caller, "This address takes another method.", "Use one of the methods in the answer's `Allow` header.";
    MediaTypeRefused, "media_type_refused", 415, Caller, "The body's type is not accepted here.", "Send JSON, and `Content-Type: application/json`.";
    TooLarge, "too_large", 413, Caller, "The request is larger than the limit.", "Send less: docs/api.md has the limits.";
    HookRefused, "hook_refused", 403, Operator, "The hook is not known.", "Give the forge's webhook the secret that the source's `hook: { secret_file: … }` names.";
    CommitRefused, "commit_refused", 403, Caller, "The commit is not part of the history that may be requested.", "Name an ancestor of the active commit by its full id: `git log --first-parent` of the branch lists them.";
    SecretMissing, "secret_missing", 404, Caller, "The secret is granted and does not exist.", "Correct its name, or commit it.";
    SecretUnreadable, "secret_unreadable", 502, Operator, "The secret is granted, but it cannot be opened.", "Show the decision id to the operator: its record in the audit log has the cause, and `daypass status` lists files that do not open.";
    AwsDenied, "aws_denied", 502, Operator, "AWS refused to give this role.", "The role's trust policy does not accept this server: `daypass aws bootstrap` prints one that does.";
    AwsUnavailable, "aws_unavailable", 503, Cloud, "AWS STS did not answer.", "Try again in a moment.";
    ProviderDenied, "provider_denied", 502, Operator, "The provider of this credential refused to give it.", "Show the decision id to the operator: its record in the audit log has what the provider said.";
    ProviderUnavailable, "provider_unavailable", 503, Cloud, "The provider of this credential did not answer.", "Try again in a moment.";
    IssuerUnavailable, "issuer_unavailable", 503, Issuer, "The issuer's keys cannot be read.", "Try again in a moment.";
    AuditUnavailable, "audit_unavailable", 503, Us, "The decision could not be recorded, so nothing was released.", "Try again in a moment; the operator is alarmed.";
    PolicyUnavailable, "policy_unavailable", 503, Operator, "No revision of the trust policies is in force.", "The operator finds the cause in /readyz.";
    PolicyChanged, "policy_changed", 503, Us, "The policies changed while this was made, and grant it on other terms now.", "Try again in a moment: the request is decided anew.";
    Overloaded, "overloaded", 503, Us, "The server is at its limit.", "Try again in a moment.";
    Internal, "internal", 500, Us, "Something failed inside of daypass.", "Show the decision id to the operator.";
}

impl Reason {
    /// A denial for this reason with its cause, which is only for the audit log. It may quote what a caller sent in the place of a name:
    /// what looks like a token, a private key or a password is left out.
    pub fn with_cause(self, cause: impl fmt::Display) -> Denial {
        Denial {
            reason: self,
            cause: without_secrets(&cause.to_string()).into_owned(),
            detail: None,
            hint: None,
            provider: None,
            first_use: None,
        }
    }
}

/// A refusal: the reason, the cause for the operator, and public text that is more specific than the reason.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Denial {
    /// The reason for the caller.
    pub reason: Reason,
    /// The cause for the audit log. It never holds a secret.
    pub cause: String,
    /// A sentence for the caller instead of the reason's title; safe in a public job log.
    pub detail: Option<String>,
    /// What to do next, if it is more specific than the reason's hint; safe in a public job log.
    pub hint: Option<Box<str>>,
    /// The provider that refused or did not answer, if the reason does not name it.
    pub provider: Option<&'static str>,
    /// The first use, if the token or the session serves another client: for the audit log and an alarm.
    pub first_use: Option<Box<FirstUse>>,
}

/// The use that bound a token to its client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FirstUse {
    /// The client's address.
    pub client: String,
    /// The decision.
    pub decision: String,
}

impl Denial {
    /// Sets the sentence for the caller.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets a more specific hint than the reason's.
    pub fn with_hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the provider.
    pub const fn by(mut self, provider: &'static str) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Sets the first use of the token.
    pub fn after(mut self, first: FirstUse) -> Self {
        self.first_use = Some(Box::new(first));
        self
    }

    /// What happened.
    pub fn public_detail(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.reason.title())
    }

    /// What to do next.
    pub fn hint(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.reason.hint())
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.cause)
    }
}

impl std::error::Error for Denial {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct_words_and_statuses_are_errors() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert!(reason.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            assert!((400..=599).contains(&reason.status()));
            assert!(!reason.hint().is_empty());
        }
    }
}
