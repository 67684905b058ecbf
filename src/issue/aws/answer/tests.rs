//! Each field of an answer, changed by itself.

use super::*;
use crate::issue::aws::ask::Action;
use crate::issue::outward::Echoed;
use crate::policy::AwsTerms;
use crate::words::names::DecisionId;
use aws_sdk_sts::primitives::DateTime;
use std::collections::BTreeMap;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJyb290L3gifQ.c2lnbmF0dXJl";

struct Given {
    arn: String,
    id: String,
    key_id: String,
    secret_key: String,
    token: String,
    ends: i64,
    size: Option<i32>,
    source_identity: Option<String>,
}

fn terms() -> AwsTerms {
    AwsTerms {
        role: RoleArn::parse("arn:aws-cn:iam::123456789012:role/team/deploy").unwrap(),
        ttl: Duration::from_secs(1800),
        tags: BTreeMap::new(),
        transitive: Vec::new(),
        session_name: Some("s-1".to_owned()),
        session_policy: None,
        session_policy_arns: Vec::new(),
        via: None,
    }
}

fn good() -> Given {
    Given {
        arn: "arn:aws-cn:sts::123456789012:assumed-role/deploy/s-1".to_owned(),
        id: "AROA0123456789ABCDEF:s-1".to_owned(),
        key_id: "ASIA0123456789ABCDEF".to_owned(),
        secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        token: "IQoJb3JpZ2luX2VjE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ==".to_owned(),
        ends: NOW.seconds() + 1800,
        size: Some(7),
        source_identity: None,
    }
}

fn fault(change: impl FnOnce(&mut Given)) -> Option<Fault> {
    let mut given = good();
    change(&mut given);
    let (terms, decision) = (terms(), DecisionId::new());
    let keys = Credentials::builder().access_key_id(given.key_id).secret_access_key(given.secret_key);
    let keys = keys.session_token(given.token).expiration(DateTime::from_secs(given.ends)).build().unwrap();
    let user = AssumedRoleUser::builder().arn(given.arn).assumed_role_id(given.id).build().unwrap();
    let answer = Answer {
        credentials: Some(keys),
        user: Some(user),
        source_identity: given.source_identity.map(|identity| identity.replace("OWN", decision.as_str())),
        packed_policy_size: given.size,
        session_token_utilization: None,
    };
    let request = Ask::only(&terms, Action::AssumeRoleWithWebIdentity, &decision);
    answer.compared(&request, Presented::new(&[&TOKEN.to_owned().into()]), NOW).err()
}

#[test]
fn the_session_is_the_one_that_was_asked_for() {
    assert_eq!(fault(|_| {}), None);
    for (from, to, expected) in [
        ("aws-cn", "aws", Fault::Arn),
        ("123456789012", "999999999999", Fault::Account),
        ("deploy", "Deploy", Fault::Arn),
        ("role/deploy", "role/team/deploy", Fault::Arn),
        ("s-1", "s-2", Fault::Arn),
        ("s-1", "s-1 ", Fault::Arn),
        ("sts", "iam", Fault::Arn),
        ("assumed-role", "federated-user", Fault::Arn),
    ] {
        assert_eq!(fault(|given| given.arn = given.arn.replace(from, to)), Some(expected), "{to}");
    }
    for arn in ["", "evil", "arn:aws-cn:sts::123456789012:assumed-role/deploy/s-1\nevil"] {
        assert!(fault(|given| given.arn = arn.to_owned()).is_some(), "{arn}");
    }
    for id in
        ["", "s-1", ":s-1", "AROAX:s-2", "AROAX:X:s-1", "AROA X:s-1", "AROA\u{202e}:s-1", &format!("{}:s-1", "A".repeat(200))]
    {
        assert_eq!(fault(|given| given.id = id.to_owned()), Some(Fault::Id), "{id}");
    }
    for (identity, expected) in [("OWN", None), ("", None), ("other", Some(Fault::SourceIdentity))] {
        assert_eq!(fault(|given| given.source_identity = Some(identity.to_owned())), expected, "{identity}");
    }
    for (size, is_good) in [(Some(0), true), (Some(100), true), (None, true), (Some(-1), false), (Some(101), false)] {
        assert_eq!(fault(|given| given.size = size).is_none(), is_good, "{size:?}");
    }
}

#[test]
fn it_ends_when_it_was_asked_to_give_or_take_the_clocks() {
    let latest = 1800 + i64::try_from(CLOCKS_MAX.as_secs()).unwrap();
    for (ends, expected) in [
        (1, None),
        (1800, None),
        (latest, None),
        (latest + 1, Some(Fault::TooLong)),
        (i64::MAX - NOW.seconds(), Some(Fault::TooLong)),
        (0, Some(Fault::Over)),
        (-1, Some(Fault::Over)),
        (-NOW.seconds(), Some(Fault::Over)),
        (i64::MIN, Some(Fault::Over)),
    ] {
        assert_eq!(fault(|given| given.ends = NOW.seconds().saturating_add(ends)), expected, "{ends}");
    }
}

#[test]
fn the_keys_have_the_form_of_temporary_ones() {
    let long = |most: usize| "a".repeat(most);
    for id in ["", "ASIA", "AKIA0123456789ABCDEF", "asia0123456789abcdef", "ASIA0123456789ABCDE\n", "ASIA0123456789-ABCDE"] {
        assert_eq!(fault(|given| given.key_id = id.to_owned()), Some(Fault::Key("AccessKeyId")), "{id:?}");
    }
    assert_eq!(fault(|given| given.key_id = format!("ASIA{}", long(125))), Some(Fault::Key("AccessKeyId")));
    for bad in ["", "a b", "a\n", "a\0", "é", "\u{202e}", "a\r\nX-Evil: 1"] {
        assert_eq!(fault(|given| given.secret_key = bad.to_owned()), Some(Fault::Key("SecretAccessKey")), "{bad:?}");
        assert_eq!(fault(|given| given.token = bad.to_owned()), Some(Fault::Key("SessionToken")), "{bad:?}");
    }
    assert_eq!(fault(|given| given.secret_key = long(257)), Some(Fault::Key("SecretAccessKey")));
    assert_eq!(fault(|given| given.token = long(16 * 1024)), None);
    assert_eq!(fault(|given| given.token = long(16 * 1024 + 1)), Some(Fault::Key("SessionToken")));
}

#[test]
fn a_key_is_not_the_token_that_was_presented() {
    for echo in [TOKEN.to_owned(), format!("{TOKEN}="), TOKEN[..40].to_owned()] {
        assert_eq!(fault(|given| given.token.clone_from(&echo)), Some(Fault::Shown(Echoed)), "{echo}");
        assert_eq!(fault(|given| given.secret_key.clone_from(&echo)), Some(Fault::Shown(Echoed)), "{echo}");
    }
}
