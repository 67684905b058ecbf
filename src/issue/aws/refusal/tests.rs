//! With error messages that AWS STS is known to write.

use super::*;
use crate::policy::{AwsTerms, IntermediateRole};
use crate::words::names::{DecisionId, RoleArn};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the request presented.
const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJyb290L3gifQ.c2lnbmF0dXJl";
const WEB_IDENTITY: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
const TAGS: &str = "User: arn:aws:sts::111122223333:assumed-role/hub/s is not authorized to perform: sts:TagSession on resource: arn:aws:iam::123456789012:role/deploy";
const SOURCE_IDENTITY: &str = "User: arn:aws:sts::111122223333:assumed-role/hub/s is not authorized to perform: sts:SetSourceIdentity on resource: arn:aws:iam::123456789012:role/deploy";
const ASSUME_ROLE: &str = "User: arn:aws:sts::111122223333:assumed-role/hub/s is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/deploy";

fn terms(tagged: bool) -> AwsTerms {
    let role = |text: &str| RoleArn::parse(text).unwrap();
    let tags = if tagged { BTreeMap::from([("commit".to_owned(), "0b1a".to_owned())]) } else { BTreeMap::new() };
    AwsTerms {
        role: role("arn:aws:iam::123456789012:role/deploy"),
        ttl: Duration::from_secs(900),
        tags,
        transitive: Vec::new(),
        session_name: None,
        session_policy: None,
        session_policy_arns: Vec::new(),
        via: Some(IntermediateRole { role: role("arn:aws:iam::111122223333:role/hub"), external_id: None }),
    }
}

fn denial(hop: Hop, tagged: bool, code: &str, message: &str) -> Denial {
    denial_by(403, hop, tagged, code, message)
}

fn denial_by(status: u16, hop: Hop, tagged: bool, code: &str, message: &str) -> Denial {
    let (terms, decision) = (terms(tagged), DecisionId::new());
    let intermediate = terms.via.as_ref().unwrap();
    let request = match hop {
        Hop::Only => Ask::only(&terms, Action::AssumeRoleWithWebIdentity, &decision),
        Hop::IntermediateRole => Ask::intermediate(&terms, intermediate, Action::AssumeRoleWithWebIdentity, &decision),
        Hop::Target => Ask::target(&terms, intermediate, &decision),
    };
    denial_of(status, code, message, &request, &Presented::new(&[&TOKEN.to_owned().into()]))
}

#[test]
fn a_status_that_may_pass_is_no_refusal() {
    for (status, reason) in [(400, Reason::AwsDenied), (408, Reason::AwsUnavailable), (429, Reason::AwsUnavailable)] {
        assert_eq!(denial_by(status, Hop::Only, false, "Other", "x").reason, reason, "{status}");
    }
}

#[test]
fn a_refusal_says_what_the_trust_policy_has_to_allow() {
    let cases = [
        (
            Hop::Only,
            true,
            WEB_IDENTITY,
            "AWS refused sts:AssumeRoleWithWebIdentity. The trust policy of the role has to allow sts:AssumeRoleWithWebIdentity, sts:TagSession, sts:SetSourceIdentity to this server's issuer",
        ),
        (
            Hop::Only,
            false,
            "no",
            "The trust policy of the role has to allow sts:AssumeRoleWithWebIdentity, sts:SetSourceIdentity to",
        ),
        (
            Hop::IntermediateRole,
            true,
            WEB_IDENTITY,
            "The trust policy of the role in between (the policy's `via`) has to allow sts:AssumeRoleWithWebIdentity, sts:TagSession",
        ),
        (
            Hop::Target,
            true,
            TAGS,
            "AWS refused sts:TagSession. The trust policy of the role has to allow sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity to the role in between",
        ),
        (
            Hop::Target,
            false,
            SOURCE_IDENTITY,
            "AWS refused sts:SetSourceIdentity. The trust policy of the role has to allow sts:AssumeRole, sts:SetSourceIdentity to the role in between",
        ),
        (Hop::Target, false, ASSUME_ROLE, "AWS refused sts:AssumeRole. "),
    ];
    for (hop, tagged, message, hint) in cases {
        let denial = denial(hop, tagged, "AccessDenied", message);
        assert_eq!(denial.reason, Reason::AwsDenied);
        assert!(denial.hint().contains(hint) && denial.hint().contains("daypass aws bootstrap"), "{}", denial.hint());
        assert!(!denial.hint().contains("arn:"), "what a policy goes through is for operators: {}", denial.hint());
    }
}

#[test]
fn the_cause_names_the_hop() {
    for (hop, words) in [
        (Hop::Only, "AccessDenied (403): no"),
        (Hop::IntermediateRole, "first hop, to arn:aws:iam::111122223333:role/hub: AccessDenied (403): no"),
        (Hop::Target, "second hop, to arn:aws:iam::123456789012:role/deploy: AccessDenied (403): no"),
    ] {
        assert_eq!(denial(hop, false, "AccessDenied", "no").cause, words);
    }
    let unknown = denial(
        Hop::IntermediateRole,
        false,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://x",
    );
    assert!(unknown.hint().contains("The account of the role in between") && unknown.reason == Reason::AwsDenied);
    assert_eq!(denial(Hop::IntermediateRole, false, "ExpiredTokenException", "x").hint(), Reason::AwsDenied.hint());
}

#[test]
fn a_token_that_a_refusal_repeats_is_not_recorded() {
    let alone: String = TOKEN.replace('.', "");
    for (code, message, cause) in [
        (TOKEN, "no", "another error (403): no"),
        (&alone[..40], "no", "another error (403): no"),
        ("Code with words", "no", "another error (403): no"),
        ("<Code>", "no", "another error (403): no"),
        ("AccessDenied", TOKEN, "AccessDenied (403)"),
        ("AccessDenied", &format!("no {}", &TOKEN[20..50]), "AccessDenied (403)"),
        ("AccessDenied", "a\nb", "AccessDenied (403): a\\u{a}b"),
    ] {
        let denial = denial(Hop::Only, false, code, message);
        assert_eq!(denial.cause, cause);
        assert!(!denial.hint().contains(&TOKEN[..16]));
    }
}
