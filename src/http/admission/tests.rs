//! The webhook as the API server speaks to it.

use super::*;
use crate::config::{Authority, PodToken};
use crate::words::names::{Audience, IssuerName, IssuerUrl};
use axum::http::Request as HttpRequest;
use base64::Engine as _;
use std::time::Duration;
use tower::ServiceExt;

pub(super) fn settings() -> SidecarSettings {
    let token = |audience: &str| PodToken { audience: Audience::parse(audience).unwrap(), expiration: Duration::from_secs(1800) };
    let name = |name: &str| IssuerName::parse(name).unwrap();
    SidecarSettings {
        image: format!("registry.example/daypass@sha256:{}", "ab".repeat(32)),
        server: IssuerUrl::parse("https://daypass.acme.example").unwrap(),
        server_ca: Some(Authority { config_map: "daypass-ca".to_owned(), key: "ca.crt".to_owned() }),
        native: true,
        user: 65_532,
        group: 65_532,
        resources: json!({ "limits": { "memory": "64Mi" } }),
        issuers: [(name("eu"), token("https://daypass.acme.example/eu")), (name("us"), token("https://daypass.acme.example/us"))]
            .into(),
    }
}

pub(super) fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "generateName": "web-", "annotations": {
            "daypass.dev/inject": "true", "daypass.dev/issuer": "eu", "daypass.dev/secret.db-password": "shop/db.yaml#/password",
        } },
        "spec": { "restartPolicy": "Always", "containers": [{ "name": "web", "image": "shop/web:1" }] },
    })
}

fn review_of(object: &Value) -> Value {
    json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": { "group": "", "version": "v1", "kind": "Pod" },
        "resource": { "group": "", "version": "v1", "resource": "pods" }, "namespace": "shop", "operation": "CREATE",
        "userInfo": { "username": "admin", "groups": ["system:masters"] }, "object": object, "oldObject": null, "dryRun": true,
        "options": { "apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions" }, "aFieldOfTheFuture": [1],
    } })
}

async fn post(kind: &str, body: impl Into<Body>) -> (u16, Value) {
    let request = HttpRequest::post("/admission/inject?timeout=10s").header("content-type", kind).body(body.into()).unwrap();
    let response = router(settings()).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn answer_to(review: &Value) -> Value {
    let (status, answer) = post("application/json; charset=utf-8", review.to_string()).await;
    assert_eq!(
        (status, &answer["apiVersion"], &answer["kind"]),
        (200, &json!("admission.k8s.io/v1"), &json!("AdmissionReview")),
        "{answer}"
    );
    assert_eq!(answer["response"]["uid"], review["request"]["uid"]);
    answer["response"].clone()
}

#[tokio::test]
async fn a_pod_that_asks_gets_a_patch() {
    let answer = answer_to(&review_of(&pod())).await;
    assert_eq!((&answer["allowed"], &answer["patchType"]), (&json!(true), &json!("JSONPatch")));
    let patch = base64::engine::general_purpose::STANDARD.decode(answer["patch"].as_str().unwrap()).unwrap();
    let patch: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
    assert!(patch.0.iter().all(|operation| matches!(operation, json_patch::PatchOperation::Add(_))), "only additions");
    let mut patched = pod();
    json_patch::patch(&mut patched, &patch).unwrap();
    assert_eq!(patched["spec"]["initContainers"][0]["name"], "daypass");
    assert_eq!(
        answer_to(&review_of(&patched)).await,
        json!({ "uid": answer["uid"], "allowed": true }),
        "a second time nothing is added"
    );
}

#[tokio::test]
async fn a_pod_that_does_not_ask_is_let_through_as_it_is() {
    let mut silent = pod();
    silent["metadata"]["annotations"].as_object_mut().unwrap().remove("daypass.dev/inject");
    let answer = answer_to(&review_of(&silent)).await;
    assert_eq!((&answer["allowed"], &answer["patch"]), (&json!(true), &Value::Null));
    assert!(answer["warnings"][0].as_str().unwrap().contains("does nothing without"), "{answer}");
    silent["metadata"] = json!({});
    assert_eq!(answer_to(&review_of(&silent)).await["warnings"], Value::Null);
}

#[tokio::test]
async fn a_refusal_has_a_message_that_kubectl_shows() {
    let mut wrong = pod();
    wrong["metadata"]["annotations"]["daypass.dev/mod"] = "init".into();
    let answer = answer_to(&review_of(&wrong)).await;
    assert_eq!((&answer["allowed"], &answer["status"]["code"]), (&json!(false), &json!(400)));
    assert!(answer["status"]["message"].as_str().unwrap().contains("did you mean `daypass.dev/mode`?"), "{answer}");
    wrong = pod();
    wrong["spec"]["os"] = json!({ "name": "windows" });
    assert_eq!(answer_to(&review_of(&wrong)).await["status"]["code"], 403);
}

#[tokio::test]
async fn a_review_of_anything_but_a_new_pod_is_refused() {
    let change = |pointer: &str, value: Value| {
        let mut review = review_of(&pod());
        *review.pointer_mut(pointer).unwrap() = value;
        review
    };
    let mut ephemeral = change("/request/operation", "UPDATE".into());
    ephemeral["request"]["subResource"] = "ephemeralcontainers".into();
    for review in [
        change("/request/kind/kind", "Deployment".into()),
        change("/request/kind/version", "v2".into()),
        change("/request/operation", "UPDATE".into()),
        change("/request/operation", "DELETE".into()),
        change("/request/object", Value::Null),
        change("/request/object", json!([])),
        ephemeral,
    ] {
        assert_eq!(answer_to(&review).await["allowed"], false, "{review}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_review_gets_an_error() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_pod = review_of(&json!("HERE")).to_string().replace("\"HERE\"", &format!("{{\"spec\":{deep}}}"));
    let beta = review_of(&pod()).to_string().replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
    let nameless = review_of(&pod()).to_string().replace("705ab4f5-6393-11e8-b7cc-42010a800002", "");
    for (body, expected) in [
        (String::new(), "no AdmissionReview"),
        ("null".to_owned(), "no AdmissionReview"),
        ("{}".to_owned(), "apiVersion"),
        (deep, "no AdmissionReview"),
        (deep_pod, "recursion limit"),
        (beta, "admissionReviewVersions: [v1]"),
        (nameless, "uid"),
        (json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {} }).to_string(), "no `request`"),
        ("{\"apiVersion\":\"admission.k8s.io/v1\"".to_owned(), "EOF"),
    ] {
        let (status, answer) = post("application/json", body).await;
        assert!(
            status == 400 && answer["error"].as_str().unwrap_or_default().contains(expected),
            "{expected}: {status} {answer}"
        );
    }
    assert_eq!(post("application/yaml", "{}").await.0, 415);
    assert_eq!(post("", review_of(&pod()).to_string()).await.0, 415);
    assert_eq!(post("application/json", vec![b' '; REVIEW_BYTES_MAX + 1]).await.0, 413);
}

#[tokio::test]
async fn the_listener_has_no_other_route() {
    for (method, path) in
        [("GET", "/admission/inject"), ("POST", "/v1/exchange"), ("GET", "/metrics"), ("GET", "/.well-known/jwks.json")]
    {
        let request = HttpRequest::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let status = router(settings()).oneshot(request).await.unwrap().status().as_u16();
        assert!(matches!(status, 404 | 405), "{method} {path}: {status}");
    }
}
