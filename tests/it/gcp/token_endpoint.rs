//! `/oauth2/token` with the requests of Google's own clients: a job's token for Google's access token.

use super::stand_in::PROVIDER;
use super::{DEPLOY, Scene};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";

async fn post(scene: &Scene, token: &str, audience: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let mut form = vec![("grant_type", GRANT), ("subject_token", token), ("subject_token_type", JWT), ("audience", audience)];
    form.extend(more);
    let request = scene.world.http.post(scene.world.url("/oauth2/token"));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(crate::sts::encode(&form));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_of_googles_is_answered_with_googles_token_and_its_scope() {
    let scene = Scene::start(&format!("    - {{ service_account: {DEPLOY}, ttl: 30m }}\n"), "").await;
    let (provider, account) = (
        format!("//iam.googleapis.com/{PROVIDER}"),
        format!("//iamcredentials.googleapis.com/projects/-/serviceAccounts/{DEPLOY}"),
    );
    for audience in [&provider, &account] {
        let parameters = [("requested_token_type", ACCESS_TOKEN), ("scope", CLOUD)];
        let (status, answer) = post(&scene, &scene.world.token(), audience, &parameters).await;
        assert_eq!(
            (status, &answer["token_type"], &answer["issued_token_type"]),
            (200, &json!("Bearer"), &json!(ACCESS_TOKEN)),
            "{answer}"
        );
        assert_eq!(answer["scope"], CLOUD);
        assert!(answer["expires_in"].as_u64().unwrap() <= 1800);
        assert_eq!(scene.who(answer["access_token"].as_str().unwrap()).await["principal"], DEPLOY);
    }
    // As google-github-actions/auth asks: JSON, in camelCase.
    let action = json!({ "audience": provider, "grantType": GRANT, "requestedTokenType": ACCESS_TOKEN, "scope": CLOUD, "subjectTokenType": JWT, "subjectToken": scene.world.token() });
    let answer: Value =
        scene.world.http.post(scene.world.url("/oauth2/token")).json(&action).send().await.unwrap().json().await.unwrap();
    assert_eq!(scene.who(answer["access_token"].as_str().unwrap()).await["principal"], DEPLOY);

    let other = account.replace("deploy", "other");
    let elsewhere = provider.replace("projects/", "projects/9");
    let pull = scene.world.token_with(github_claims("pull_request", "refs/pull/7/merge"));
    for (token, audience, more, error, code) in [
        (scene.world.token(), &other, vec![], "invalid_target", "no_matching_policy"),
        (pull, &provider, vec![], "invalid_target", "no_matching_policy"),
        (scene.world.token(), &provider, vec![("requested_token_type", JWT)], "invalid_request", "bad_request"),
        (scene.world.token(), &provider, vec![("scope", "openid email")], "invalid_scope", "bad_request"),
        (scene.world.token(), &elsewhere, vec![], "invalid_target", "bad_request"),
        (scene.world.token(), &provider, vec![("scope", "shop/other")], "invalid_target", "no_matching_policy"),
    ] {
        let (status, answer) = post(&scene, &token, audience, &more).await;
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{more:?}: {answer}");
        assert!(answer["error_description"].as_str().unwrap().starts_with(code), "{answer}");
    }
    scene.google.with(|google| google.accounts.clear());
    let (status, answer) = post(&scene, &scene.world.token(), &provider, &[]).await;
    assert_eq!((status, &answer["error"]), (502, &json!("temporarily_unavailable")), "{answer}");
    assert!(answer["error_description"].as_str().unwrap().starts_with("provider_denied"), "{answer}");
    scene.check_quiet(&answer);
}
