//! The parameters of AssumeRoleWithWebIdentity, within the limits that AWS documents (AWS STS API reference, 2011-06-15).

use super::errors::Fault;
use super::form::Form;
use crate::kind::{AwsTarget, Target};
use crate::policy::{AwsParameters, Request};
use crate::token::parse_document;
use crate::words::names::{RoleArn, check_managed_policy_arn};
use crate::words::{Secret, holds_secret};
use std::ops::RangeInclusive;
use std::time::Duration;

/// `arnType`, in characters: roles and managed policies.
const ARN_CHARS: RangeInclusive<usize> = 20..=2048;
/// `roleSessionNameType`, in characters of `[\w+=,.@-]`.
const SESSION_NAME_CHARS: RangeInclusive<usize> = 2..=64;
/// `clientTokenType`, in characters. A token that daypass takes is shorter: 16 KiB.
const TOKEN_CHARS: RangeInclusive<usize> = 4..=20_000;
/// `unrestrictedSessionPolicyDocumentType`, in characters: AWS takes no longer session policy in plain text.
const POLICY_CHARS: RangeInclusive<usize> = 1..=2048;
/// `policyDescriptorListType`.
const POLICY_ARNS_MAX: usize = 10;
/// `roleDurationSecondsType`: 15 minutes to 12 hours.
const DURATION_SECONDS: RangeInclusive<u64> = 900..=43_200;

/// One request for a session.
#[derive(Debug)]
pub(super) struct AssumeRole {
    pub(super) token: Secret,
    pub(super) request: Request,
}

impl AssumeRole {
    /// Reads the form without its `Action` and `Version`.
    pub(super) fn read(mut form: Form) -> Result<Self, Fault> {
        let role = required(&mut form, "RoleArn", ARN_CHARS)?;
        let role = RoleArn::parse(&role).map_err(|fault| Fault::value("RoleArn", &format!("is no role's ARN: {fault}.")))?;
        let session_name = required(&mut form, "RoleSessionName", SESSION_NAME_CHARS)?;
        if !session_name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)) {
            return Err(Fault::value("RoleSessionName", "has letters, digits and _+=,.@- only."));
        }
        let token = form.take("WebIdentityToken").ok_or_else(|| Fault::value("WebIdentityToken", "is missing."))?;
        check_chars("WebIdentityToken", token.expose_text().unwrap_or_default(), TOKEN_CHARS)?;
        if form.take("ProviderId").is_some() {
            return Err(Fault::value(
                "ProviderId",
                "is for OAuth 2.0 access tokens: leave it out, an OIDC token names its issuer.",
            ));
        }
        let mut request = Request::one(Target::from(AwsTarget::of(role)), None);
        let (duration, policy, policy_arns) = (duration(&mut form)?, policy(&mut form)?, policy_arns(&mut form)?);
        request.aws_parameters = AwsParameters { session_name: Some(session_name), duration, policy, policy_arns };
        form.finish().map_err(|fault| Fault::of("InvalidQueryParameter", fault.to_string()))?;
        Ok(Self { token, request })
    }
}

fn required(form: &mut Form, name: &str, chars: RangeInclusive<usize>) -> Result<String, Fault> {
    let text = form.take_text(name).ok_or_else(|| Fault::value(name, "is missing."))?;
    check_chars(name, &text, chars).map(|()| text)
}

fn check_chars(name: &str, text: &str, chars: RangeInclusive<usize>) -> Result<(), Fault> {
    let good = chars.contains(&text.chars().count());
    let words = || Fault::value(name, &format!("has {} to {} characters.", chars.start(), chars.end()));
    good.then_some(()).ok_or_else(words)
}

fn duration(form: &mut Form) -> Result<Option<Duration>, Fault> {
    let Some(text) = form.take_text("DurationSeconds") else { return Ok(None) };
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|seconds| plain && DURATION_SECONDS.contains(seconds));
    let words = format!("is a number from {} to {}.", DURATION_SECONDS.start(), DURATION_SECONDS.end());
    seconds.map(|seconds| Some(Duration::from_secs(seconds))).ok_or_else(|| Fault::value("DurationSeconds", &words))
}

/// `[\u0009\u000A\u000D\u0020-\u00FF]+`, and a JSON object that has no member twice; AWS checks the rest.
fn policy(form: &mut Form) -> Result<Option<String>, Fault> {
    let Some(text) = form.take_text("Policy") else { return Ok(None) };
    check_chars("Policy", &text, POLICY_CHARS)?;
    let good = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    let is_object = parse_document(text.as_bytes()).is_ok_and(|document| document.is_object());
    // It is recorded, and a token in it would be.
    if !is_object || !text.chars().all(good) || holds_secret(&text) {
        return Err(Fault::of(
            "MalformedPolicyDocument",
            "`Policy` is no JSON object, has a member twice, has characters that AWS refuses, or holds a token or a private key.",
        ));
    }
    Ok(Some(text))
}

/// `PolicyArns.member.N.arn`, in the order of N.
fn policy_arns(form: &mut Form) -> Result<Vec<String>, Fault> {
    let arns = (1..=POLICY_ARNS_MAX).filter_map(|number| form.take_text(&format!("PolicyArns.member.{number}.arn")));
    let arns: Vec<String> = arns.collect();
    if form.names().any(|name| name.starts_with("PolicyArns.")) {
        return Err(Fault::value("PolicyArns", &format!("is PolicyArns.member.N.arn with N from 1 to {POLICY_ARNS_MAX}.")));
    }
    for arn in &arns {
        check_chars("PolicyArns", arn, ARN_CHARS)?;
        check_managed_policy_arn(arn)
            .map_err(|_| Fault::value("PolicyArns", "names managed policies: arn:aws:iam::ACCOUNT:policy/NAME."))?;
    }
    Ok(arns)
}

#[cfg(test)]
mod tests;
