//! Entra's refusals. The server reads their codes and not their sentences.

use super::{SHOP, Scene};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_that_differs_in_a_byte_is_reported() {
    let scene = Scene::start().await;
    for (subject, code, expected) in
        [("root/acme/other", "AADSTS700213", "has this subject"), ("root/Acme/shop", "AADSTS7002138", "with other capitals")]
    {
        scene.entra.with(|inside| inside.applications.get_mut(SHOP).unwrap()[0].subject = subject.to_owned());
        let (status, denial) = scene.ask(json!({})).await;
        assert_eq!((status, denial["code"].as_str()), (502, Some("provider_denied")), "{denial}");
        assert!(denial["detail"].as_str().unwrap().contains(expected), "{denial}");
        let last = scene.world.audit().pop().unwrap().body.to_string();
        assert!(last.contains(code) && !last.contains("evil"), "{last}");
    }
    scene.entra.with(|inside| inside.applications.clear());
    assert!(scene.ask(json!({})).await.1["hint"].as_str().unwrap().contains("`client_id`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_code_has_its_detail_and_an_unknown_code_is_a_denial() {
    let scene = Scene::start().await;
    for (status, codes, code, expected) in [
        (401, vec![70_021], "provider_denied", "fits our token"),
        (401, vec![700_211], "provider_denied", "does not know our issuer"),
        (401, vec![700_212], "provider_denied", "another audience"),
        (401, vec![7_002_137], "provider_denied", "has this subject"),
        (401, vec![7_000_272], "provider_denied", "signature"),
        (401, vec![700_024], "provider_denied", "outside of its time"),
        (400, vec![90_002], "provider_denied", "no such tenant"),
        (400, vec![500_011], "provider_denied", "does not know this resource"),
        (400, vec![53_003], "provider_denied", "Conditional Access"),
        (400, vec![1, 2, 3], "provider_denied", "refused to give it"),
        (400, vec![], "provider_denied", "refused to give it"),
        (429, vec![], "provider_unavailable", "did not answer"),
        (400, vec![90_033], "provider_unavailable", "no more requests"),
        (503, vec![], "provider_unavailable", "did not answer"),
    ] {
        scene.entra.with(|inside| inside.refusal = Some((status, codes.clone())));
        let (_, denial) = scene.ask(json!({})).await;
        assert_eq!((denial["code"].as_str(), denial["provider"].as_str()), (Some(code), Some("azure")), "{codes:?}: {denial}");
        assert!(denial["detail"].as_str().unwrap().contains(expected), "{codes:?}: {denial}");
        assert!(!denial.to_string().contains("evil"), "{denial}");
    }
}
