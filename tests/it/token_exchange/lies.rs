//! Answers that no service gives, and refusals. The server names the service and the field, and repeats no byte of the answer.

use super::Scene;
use super::stand_in::Lie;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_the_request_is_refused_with_its_field() {
    let scene = Scene::start().await;
    for (lie, code, expected) in [
        (Lie::Longer, "provider_denied", "beyond the `ttl`"),
        (Lie::WiderScope, "provider_denied", "`scope` is wider"),
        (Lie::NoLifetime, "provider_unavailable", "no lifetime"),
        (Lie::NoToken, "provider_unavailable", "no token"),
        (Lie::HostileToken, "provider_unavailable", "no token"),
        (Lie::Shown, "provider_denied", "the answer's token is the one that the request presented"),
        (Lie::Truncated, "provider_unavailable", "no JSON"),
        (Lie::Huge, "provider_unavailable", "more than 262144 bytes"),
        (Lie::Html, "provider_unavailable", "no JSON"),
        (Lie::Hangs, "provider_unavailable", "no answer in time"),
        (Lie::Refusal(400, "invalid_scope"), "provider_denied", "(400, invalid_scope)"),
        (Lie::Refusal(401, "invalid_grant"), "provider_denied", "(401, invalid_grant)"),
        (Lie::Refusal(400, "evil code"), "provider_denied", "(400)"),
        (Lie::Refusal(429, "slow_down"), "provider_unavailable", "(429)"),
        (Lie::Refusal(503, "evil"), "provider_unavailable", "(503)"),
        (Lie::Refusal(302, "evil"), "provider_unavailable", "(302)"),
    ] {
        scene.services.with(|inside| inside.lie = Some(lie));
        let (_, denial) = scene.ask(json!({ "service": "pulumi" })).await;
        assert_eq!(
            (denial["code"].as_str(), denial["provider"].as_str()),
            (Some(code), Some("token_exchange")),
            "{lie:?}: {denial}"
        );
        assert!(denial["detail"].as_str().unwrap().contains("`pulumi`"), "{lie:?}: {denial}");
        let last = scene.world.audit().pop().unwrap().body.to_string();
        assert!(last.contains(expected) && last.contains("pulumi"), "{lie:?}: {last}");
        for text in [denial.to_string(), last, scene.world.log()] {
            for mark in ["evil", "<html>", "\u{202e}", "xxxx", "hunter2"] {
                assert!(!text.contains(mark), "{lie:?}: {mark}: {text}");
            }
        }
    }
}
