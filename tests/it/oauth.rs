//! The token exchange endpoint, as a plain OAuth client uses it.

use crate::support::{Setup, World};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

async fn post(world: &World, pairs: &[(&str, &str)]) -> (u16, Value) {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let body = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&");
    let request = world.http.post(world.url("/oauth2/token")).header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_exchanged_as_rfc_8693_says_and_a_retry_gets_the_same() {
    let world = World::start(Setup::default()).await;
    let metadata: Value =
        world.http.get(world.url("/.well-known/oauth-authorization-server")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&metadata["issuer"], &metadata["token_endpoint"]), (&json!(world.url("")), &json!(world.url("/oauth2/token"))));
    assert_eq!(metadata["grant_types_supported"], json!([GRANT]));
    let token = world.token();
    let pairs =
        [("grant_type", GRANT), ("subject_token", &token), ("subject_token_type", JWT), ("audience", "https://partner.example")];
    let started = std::time::Instant::now();
    let (status, answer) = post(&world, &pairs).await;
    assert_eq!((status, &answer["issued_token_type"], &answer["token_type"]), (200, &json!(JWT), &json!("Bearer")), "{answer}");
    let (lasts, took) = (answer["expires_in"].as_u64().unwrap(), started.elapsed().as_secs());
    assert!(lasts <= 600 && lasts + took + 1 >= 600, "{answer}");
    let again = post(&world, &pairs).await.1;
    assert_eq!(again["access_token"], answer["access_token"]);
    let (status, native) = world.exchange(&token, json!([{"id_token": {"audience": "https://partner.example"}}])).await;
    assert_eq!(status, 200, "the same token and credential, whatever the API: {native}");
    assert_eq!(native["credentials"][0]["id_token"]["token"], answer["access_token"]);
    let googles = json!({"grantType": GRANT, "subjectToken": world.token(), "subjectTokenType": JWT, "audience": "https://partner.example",
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token", "scope": "shop/deploy"});
    let response = world.http.post(world.url("/oauth2/token")).json(&googles).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_native_api_denies_is_denied_with_an_oauth_error() {
    let world = World::start(Setup::default()).await;
    let (good, pull) = (world.token(), world.token_with(github_claims("pull_request", "refs/pull/7/merge")));
    let (input, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", pull.rsplit_once('.').unwrap().1);
    let ask = |token: &str, audience: &str, more: Option<(&'static str, &'static str)>| {
        let mut pairs = vec![
            ("grant_type", GRANT.to_owned()),
            ("subject_token", token.to_owned()),
            ("subject_token_type", JWT.to_owned()),
            ("audience", audience.to_owned()),
        ];
        pairs.extend(more.map(|(name, value)| (name, value.to_owned())));
        pairs
    };
    let cases = [
        (ask(&pull, "https://partner.example", None), "invalid_target", "no_matching_policy"),
        (ask(&good, "https://other.example", None), "invalid_target", "no_matching_policy"),
        (ask(&good, "//iam.googleapis.com/projects/1/x", None), "invalid_target", "no_matching_policy"),
        (ask(&good, "https://partner.example", Some(("scope", "shop/other"))), "invalid_target", "no_matching_policy"),
        (ask(&forged, "https://partner.example", None), "invalid_request", "signature_invalid"),
        (ask("a.b.c", "https://partner.example", None), "invalid_request", "token_malformed"),
        (ask(&good, "https://partner.example", Some(("audience", "https://partner.example"))), "invalid_request", "bad_request"),
        (ask(&good, "https://partner.example", Some(("colour", "red"))), "invalid_request", "bad_request"),
        (ask(&good, "https://partner.example", Some(("scope", "openid email"))), "invalid_scope", "bad_request"),
    ];
    for (pairs, error, code) in cases {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (status, answer) = post(&world, &pairs).await;
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{answer}");
        let description = answer["error_description"].as_str().unwrap();
        let record = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
        assert!(description.starts_with(code) && description.contains(&record.decision.unwrap()), "{description}");
        assert!(description.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\'), "{description}");
        assert_eq!(record.body["reason"], code);
    }
    let large = world.http.post(world.url("/oauth2/token")).body("x".repeat(100_000)).send().await.unwrap();
    assert_eq!(large.status().as_u16(), 413);
}
