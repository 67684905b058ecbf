//! What a job gets of Entra: over the server's API, by a policy, recorded without its token.

use super::stand_in::FederatedCredential;
use super::{MANAGEMENT, SHOP, Scene, VAULT};
use serde_json::json;

const FEDERATED: &str = "owners: [team-shop]
issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  azure:
    - { client_id: 11111111-2222-3333-4444-555555555555, federated_token: allow, ttl: 15m }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_gets_an_access_token_of_the_scope_that_is_granted_and_of_no_other() {
    let scene = Scene::start().await;
    let (status, answer) = scene.ask(json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let azure = &answer["credentials"][0]["azure"];
    assert_eq!((&azure["client_id"], &azure["scope"]), (&json!(SHOP), &json!(MANAGEMENT)), "{azure}");
    assert_eq!(azure["tenant_id"], super::TENANT);
    let request = scene.entra.with(|inside| inside.asked.last().unwrap().clone());
    assert_eq!((request["client_id"].as_str(), request["scope"].as_str(), request.len()), (SHOP, MANAGEMENT, 5));
    let claims = scene.entra.with(|inside| inside.taken.last().unwrap().clone());
    assert_eq!(claims["sub"], "root/acme/shop");
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 300, "{claims}");

    assert_eq!(scene.ask(json!({ "client_id": SHOP, "scope": MANAGEMENT })).await.0, 200);
    for other in [
        json!({ "client_id": SHOP, "scope": VAULT }),
        json!({ "client_id": SHOP, "federated_token": true }),
        json!({ "client_id": "22222222-2222-3333-4444-555555555555", "scope": MANAGEMENT }),
    ] {
        let (status, denial) = scene.ask(other.clone()).await;
        assert_eq!((status, denial["code"].as_str()), (403, Some("no_matching_policy")), "{other}: {denial}");
    }
    assert_eq!(scene.entra.with(|inside| inside.asked.len()), 2, "Entra is not asked for what no policy grants");

    let token = azure["token"].as_str().unwrap();
    let records: Vec<String> = scene.world.audit().iter().map(|entry| entry.body.to_string()).collect();
    assert!(records.iter().any(|body| body.contains("\"scope\":\"https://management.azure.com/.default\"")), "{records:?}");
    assert!(!records.iter().any(|body| body.contains(token)) && !scene.world.log().contains(&token[token.len() - 20..]));
    assert!(!scene.world.log().contains(&request["client_assertion"][..40]), "the assertion is a secret too");
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_gives_an_access_token_in_a_variable() {
    let scene = Scene::start().await;
    let script = "printf '%s' \"$AZURE_ACCESS_TOKEN\" > given";
    let done = scene.world.job("push", &["exec", "--azure", "--", "sh", "-c", script], &[]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let given = std::fs::read_to_string(scene.world.path("given")).unwrap();
    assert_eq!(given, super::stand_in::access_token(super::TENANT, SHOP, "https://management.azure.com"));
    let refused = scene.world.job("push", &["exec", "--azure", "no-guid/x", "--", "true"], &[]).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("expected a GUID"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_federated_token_is_granted_by_its_own_name_until_a_guardrail_denies_any_scope() {
    let scene = Scene::with(FEDERATED, "").await;
    let (status, answer) = scene.ask(json!({})).await;
    let azure = &answer["credentials"][0]["azure"];
    assert_eq!((status, &azure["scope"]), (200, &json!(null)), "{answer}");
    assert!(scene.entra.with(|inside| inside.asked.is_empty()), "it is made here");
    let jwks = scene.entra.with(|inside| inside.jwks.clone());
    let token = azure["token"].as_str().unwrap();
    let claims = crate::relying_party::verify(&jwks, &scene.world.url(""), "api://AzureADTokenExchange", token).unwrap();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900, "{claims}");
    // Its holder exchanges it; this server does not do so in its place.
    let (status, denial) = scene.ask(json!({ "client_id": SHOP, "scope": VAULT })).await;
    assert_eq!((status, denial["code"].as_str()), (403, Some("no_matching_policy")), "{denial}");

    let guardrails = "denials: [ { description: No vault, deny: { azure: [\"*/https://vault.azure.net/**\"] } } ]\n";
    let files: [(&str, &[u8]); 1] = [("guardrails.yaml", guardrails.as_bytes())];
    scene.world.commit_and_wait(&files).await;
    for denied in [json!({ "client_id": SHOP, "federated_token": true }), json!({})] {
        let (status, denial) = scene.ask(denied.clone()).await;
        assert_eq!((status, denial["code"].as_str()), (403, Some("denied")), "{denied}: {denial}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audience_of_a_national_cloud_is_configured() {
    let scene = Scene::with(super::POLICY, "    audience: api://AzureADTokenExchangeUSGov\n").await;
    assert_eq!(scene.ask(json!({})).await.1["code"], "provider_denied");
    scene.entra.with(|inside| {
        let credential = &inside.applications[SHOP][0];
        let credential = FederatedCredential { audience: "api://AzureADTokenExchangeUSGov".to_owned(), ..credential.clone() };
        inside.applications.insert(SHOP.to_owned(), vec![credential]);
    });
    assert_eq!(scene.ask(json!({})).await.0, 200);
}
