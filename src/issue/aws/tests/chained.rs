//! A role that is assumed from another one: which call carries which parameter.

use super::*;
use crate::policy::IntermediateRole;

const HUB: &str = "arn:aws:iam::123456789012:role/hub";

fn chained_terms() -> AwsTerms {
    let tags = [("commit", "4f2a9c1"), ("repository", "acme/shop")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let intermediate = IntermediateRole { role: RoleArn::parse(HUB).unwrap(), external_id: Some("acme".to_owned()) };
    AwsTerms { tags: tags.into(), session_name: Some("deploy-7301".to_owned()), via: Some(intermediate), ..terms() }
}

#[tokio::test]
async fn each_call_says_what_aws_takes_there() {
    let sts = StandIn::start("200 OK", credentials()).await;
    let bench = bench(&sts.url, SigningAlgorithm::Es256).await;
    let (decision, now) = (DecisionId::new(), bench.store.now());
    let issued = issue(&bench.aws, "shop/deploy", chained_terms(), &decision, now).await.unwrap();
    assert_eq!(issued.session.arn, "arn:aws:sts::123456789012:assumed-role/deploy/deploy-7301");
    let forms = sts.forms();
    let [hub, target] = &forms[..] else { panic!("two calls, not {}", forms.len()) };
    for (form, name, value) in [
        (hub, "Action", "AssumeRoleWithWebIdentity"),
        (hub, "RoleArn", HUB),
        (hub, "RoleSessionName", "deploy-7301"),
        (hub, "DurationSeconds", "900"),
        (target, "Action", "AssumeRole"),
        (target, "RoleArn", "arn:aws:iam::123456789012:role/deploy"),
        (target, "RoleSessionName", "deploy-7301"),
        (target, "DurationSeconds", "1800"),
        (target, "ExternalId", "acme"),
        (target, "Policy", "{\"Version\":\"2012-10-17\"}"),
        (target, "PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        (target, "Tags.member.1.Key", "repository"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    for (form, absent) in [
        (hub, "PolicyArns.member.1.arn"),
        (hub, "ExternalId"),
        (target, "Tags.member.2.Key"),
        (target, "TransitiveTagKeys.member.1"),
        (target, "SourceIdentity"),
    ] {
        assert!(!form.contains_key(absent), "{absent}");
    }
    let policy: Value = serde_json::from_str(&hub["Policy"]).unwrap();
    assert_eq!(
        policy["Statement"][0]["Resource"], "arn:aws:iam::123456789012:role/deploy",
        "the hub's session does nothing else"
    );
    let claims = hub["WebIdentityToken"].split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["https://aws.amazon.com/source_identity"], decision.as_str());
    let tags = json!({"principal_tags": {"commit": ["4f2a9c1"], "repository": ["acme/shop"]}, "transitive_tag_keys": ["commit"]});
    assert_eq!(claims["https://aws.amazon.com/tags"], tags);
}

#[tokio::test]
async fn an_intermediate_session_of_another_account_is_refused() {
    let answer = credentials().replace("ACCOUNT", "999999999999");
    let sts = StandIn::start("200 OK", answer).await;
    let bench = bench(&sts.url, SigningAlgorithm::Es256).await;
    let denial = issue(&bench.aws, "x", chained_terms(), &DecisionId::new(), bench.store.now()).await.unwrap_err();
    assert!(denial.cause.contains("first hop") && denial.cause.contains("another account"), "{}", denial.cause);
    assert_eq!(sts.forms().len(), 1, "the second role is not asked for");
}

#[tokio::test]
async fn the_second_call_does_not_give_back_what_the_first_presented_or_got() {
    // The stand-in gives every call the same token.
    let token = "IQoJb3JpZ2luX2VjEXAMPLE";
    let answer = credentials().replace("ACTION-t", token);
    let sts = StandIn::start("200 OK", answer).await;
    let bench = bench(&sts.url, SigningAlgorithm::Es256).await;
    let denial = issue(&bench.aws, "x", chained_terms(), &DecisionId::new(), bench.store.now()).await.unwrap_err();
    assert!(denial.cause.contains("second hop") && denial.cause.contains("the request presented"), "{}", denial.cause);
    assert_eq!(sts.forms().len(), 2);
}
