//! Answers that Entra does not give. The server refuses each, names the provider and the field, and repeats no byte of the answer.

use super::Scene;
use super::stand_in::Lie;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_the_request_is_refused_with_its_field() {
    let scene = Scene::start().await;
    for (lie, code, field) in [
        (Lie::LongerLife, "provider_denied", "`expires_in` is beyond the `ttl`"),
        (Lie::OtherTenant, "provider_denied", "`access_token` is of another tenant"),
        (Lie::OtherApplication, "provider_denied", "`access_token` is of another application"),
        (Lie::NoLife, "provider_unavailable", "`expires_in` is over already"),
        (Lie::OtherType, "provider_unavailable", "`token_type` is not `Bearer`"),
        (Lie::NoToken, "provider_unavailable", "`access_token` is no token"),
        (Lie::HostileToken, "provider_unavailable", "`access_token` is no token"),
        (Lie::Shown, "provider_denied", "the answer's token is the one that the request presented"),
        (Lie::Array, "provider_unavailable", "not one of Entra's"),
        (Lie::Truncated, "provider_unavailable", "not one of Entra's"),
        (Lie::Huge, "provider_unavailable", "more than 262144 bytes"),
        (Lie::Html, "provider_unavailable", "not one of Entra's"),
        (Lie::Hangs, "provider_unavailable", "no answer in time"),
    ] {
        scene.entra.with(|inside| inside.lie = Some(lie));
        let (_, denial) = scene.ask(json!({})).await;
        assert_eq!((denial["code"].as_str(), denial["provider"].as_str()), (Some(code), Some("azure")), "{lie:?}: {denial}");
        assert!(denial.get("credentials").is_none(), "{lie:?}");
        let last = scene.world.audit().pop().unwrap().body.to_string();
        assert!(last.contains(field), "{lie:?}: {last}");
        let assertion = scene.entra.with(|inside| inside.asked.last().unwrap()["client_assertion"].clone());
        for text in [denial.to_string(), last, scene.world.log()] {
            assert!(!text.contains(&assertion[..40]), "{lie:?}: our token in {text}");
            for mark in ["evil", "<html>", "\u{202e}", "xxxx", "aaaaaaaa-2222"] {
                assert!(!text.contains(mark), "{lie:?}: {mark}: {text}");
            }
        }
    }
    scene.entra.with(|inside| inside.lie = None);
    assert_eq!(scene.ask(json!({})).await.0, 200);
}

/// Tokens of managed identities live for a day. The policy has to grant that `ttl`.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_day_is_accepted_where_the_policy_grants_it() {
    let scene = Scene::with(&super::POLICY.replace(".default\" }", ".default\", ttl: 24h }"), "").await;
    scene.entra.with(|inside| inside.expires_in = 86_399);
    assert_eq!(scene.ask(json!({})).await.0, 200);
    let short = Scene::with(&super::POLICY.replace(".default\" }", ".default\", ttl: 1h }"), "").await;
    short.entra.with(|inside| inside.expires_in = 3_601);
    let (_, denial) = short.ask(json!({})).await;
    assert!(denial["hint"].as_str().unwrap().contains("grants a longer `ttl`"), "{denial}");
}
