//! Answers that Google does not give. The server refuses each, names the provider and the field, and repeats no byte of the answer.

use super::Scene;
use super::stand_in::{Instead, Lie};
use serde_json::{Value, json};

async fn refused(scene: &Scene, lie: Lie, request: Value) -> (u16, Value, String) {
    scene.google.with(|google| google.lie = Some(lie));
    let (status, denial) = scene.ask(request).await;
    let records = scene.world.audit();
    let record = records.iter().rfind(|entry| entry.body.to_string().contains("\"reason\"")).unwrap().body.to_string();
    assert_eq!(denial["provider"], "gcp", "{lie:?}: {denial}");
    scene.google.with(|google| google.lie = None);
    scene.check_quiet(&denial);
    (status, denial, record)
}

fn access() -> Value {
    json!({ "service_account": super::DEPLOY })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_differs_from_the_request_is_refused() {
    let scene = Scene::usual().await;
    let reader = || json!({ "service_account": "reader@acme.iam.gserviceaccount.com" });
    let id_token = || json!({ "audience": "https://run.example" });
    for (lie, request, field) in [
        (Lie::FederatedLonger, access(), "the federated token: the answer's `expires_in` is later"),
        (Lie::FederatedLonger, json!({ "access": "direct" }), "the federated token: the answer's `expires_in` is later"),
        (Lie::FederatedSame, access(), "the federated token: the answer's token is the one that the request presented"),
        (Lie::OtherType, access(), "the federated token: the answer's `token_type` is not `Bearer`"),
        (Lie::OtherIssuedType, access(), "the federated token: the answer's `issued_token_type` is not"),
        (Lie::BoundaryLonger, reader(), "the boundary: the answer's `expires_in` is later"),
        (Lie::BoundaryOtherType, reader(), "the boundary: the answer's `issued_token_type` is not"),
        (Lie::BoundarySame, reader(), "the boundary: the answer's token is the one that the request presented"),
        (Lie::Longer, access(), "the access token: the answer's `expireTime` is later"),
        (Lie::OtherAudience, id_token(), "the ID token: the `aud` of the answer's `token` is another one"),
        (Lie::OtherAccount, id_token(), "the ID token: the `email` of the answer's `token` is of another service account"),
        (Lie::IdLonger, id_token(), "the ID token: the answer's `token` is later"),
    ] {
        let (status, denial, record) = refused(&scene, lie, request).await;
        assert_eq!((status, denial["code"].as_str()), (502, Some("provider_denied")), "{lie:?}: {denial}");
        assert!(record.contains(field), "{lie:?}: {record}");
    }
    for lie in [Lie::Echo, Lie::EchoAssertion] {
        let (_, _, record) = refused(&scene, lie, access()).await;
        assert!(record.contains("the access token (403): PERMISSION_DENIED\"") && !record.contains("Not for"), "{record}");
    }
    assert_eq!(scene.ask(access()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_or_missing_answer_is_provider_unavailable() {
    let scene = Scene::usual().await;
    for (lie, cause) in [
        (Lie::FederatedOver, "the federated token: the answer's `expires_in` is over already"),
        (Lie::FederatedForever, "the federated token: the answer is not one of Google's"),
        (Lie::HostileToken, "the federated token: the answer's `access_token` is no token"),
        (Lie::Over, "the access token: the answer's `expireTime` is over already"),
        (Lie::NoEnd, "the access token: the answer is not one of Google's"),
        (Lie::NoToken, "the access token: the answer is not one of Google's"),
        (Lie::LongToken, "the access token: the answer's `accessToken` is no token"),
        (Lie::Truncated, "the access token: the answer is not one of Google's"),
        (Lie::Sts(Instead::Hangs), "the federated token: no answer in time"),
        (Lie::Iam(Instead::Hangs), "the access token: no answer in time"),
        (Lie::Sts(Instead::Html), "the federated token: the answer is not one of Google's"),
        (Lie::Iam(Instead::Html), "the access token: the answer is not one of Google's"),
        (Lie::Sts(Instead::Huge), "the federated token: the answer has more than 65536 bytes"),
        (Lie::Iam(Instead::Huge), "the access token: the answer has more than 65536 bytes"),
        (Lie::Sts(Instead::Fails), "the federated token (502)"),
        (Lie::Iam(Instead::Fails), "the access token (502)"),
        (Lie::Sts(Instead::Redirects), "the federated token (307)"),
        (Lie::Iam(Instead::Redirects), "the access token (307)"),
        (Lie::Sts(Instead::Empty), "the federated token: the answer is not one of Google's"),
        (Lie::Iam(Instead::Empty), "the access token: the answer is not one of Google's"),
        (Lie::Sts(Instead::OtherSuccess), "the federated token (202)"),
        (Lie::Iam(Instead::OtherSuccess), "the access token (202)"),
        (Lie::Sts(Instead::Throttles), "the federated token (429): another error: Quota."),
        (Lie::Iam(Instead::Throttles), "the access token (429): another error: Quota exceeded."),
    ] {
        let (status, denial, record) = refused(&scene, lie, access()).await;
        assert_eq!((status, denial["code"].as_str()), (503, Some("provider_unavailable")), "{lie:?}: {denial}");
        assert!(record.contains(cause), "{lie:?}: {record}");
    }
    let (_, _, record) = refused(&scene, Lie::NoAccount, json!({ "audience": "https://run.example" })).await;
    assert!(record.contains("the ID token: the answer's `token` is no token"), "{record}");
    // The error text of one endpoint is not read from the other.
    for (lie, cause) in [
        (Lie::Sts(Instead::TheOtherError), "the federated token (403)"),
        (Lie::Iam(Instead::TheOtherError), "the access token (400)"),
    ] {
        let (status, _, record) = refused(&scene, lie, access()).await;
        assert!(status == 502 && record.contains(cause), "{lie:?}: {record}");
    }
    assert_eq!(scene.ask(access()).await.0, 200);
}
