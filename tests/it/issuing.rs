//! Tokens that the server signs: the issuer that clouds trust, and the one that everybody else trusts.

use crate::relying_party::verify;
use crate::support::{Setup, World};
use serde_json::{Value, json};

const PARTNER: &str = "https://partner.example";

async fn document(world: &World, path: &str) -> Value {
    world.http.get(world.url(path)).send().await.unwrap().json().await.unwrap()
}

async fn id_token(world: &World) -> String {
    let (status, answer) = world.exchange(&world.token(), json!([{ "id_token": { "audience": PARTNER } }])).await;
    assert_eq!(status, 200, "{answer}");
    answer["credentials"][0]["id_token"]["token"].as_str().unwrap().to_owned()
}

fn kids(jwks: &Value) -> Vec<&str> {
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn clouds_do_not_accept_an_id_token() {
    let mut world = World::start(Setup::default()).await;
    let token = id_token(&world).await;
    let clouds = document(&world, "/.well-known/openid-configuration").await;
    let cloud_keys = document(&world, "/.well-known/jwks.json").await;
    let by_clouds = verify(&cloud_keys, clouds["issuer"].as_str().unwrap(), PARTNER, &token);
    assert!(by_clouds.is_err(), "a token for a partner verifies as one for a cloud: {by_clouds:?}");

    let own = document(&world, "/id-tokens/.well-known/openid-configuration").await;
    let own_keys = document(&world, "/id-tokens/.well-known/jwks.json").await;
    assert_eq!(own["issuer"], world.url("/id-tokens"));
    assert_eq!(own["jwks_uri"], world.url("/id-tokens/.well-known/jwks.json"));
    let claims = verify(&own_keys, own["issuer"].as_str().unwrap(), PARTNER, &token).unwrap();
    assert_eq!((&claims["iss"], &claims["sub"]), (&own["issuer"], &json!("root/shop/deploy")));
    assert_ne!(clouds["issuer"], own["issuer"]);
    assert!(kids(&own_keys).iter().all(|kid| !kids(&cloud_keys).contains(kid)), "{own_keys}");
    let exchange = document(&world, "/.well-known/oauth-authorization-server").await;
    assert_eq!(exchange["jwks_uri"], own["jwks_uri"], "an OAuth client verifies what it gets there");

    world.kill_and_restart().await;
    assert_eq!(document(&world, "/.well-known/jwks.json").await, cloud_keys, "what clouds trust stays");
    assert_eq!(document(&world, "/id-tokens/.well-known/jwks.json").await, own_keys);
}
