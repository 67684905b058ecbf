use super::*;
use crate::issue::SigningAlgorithm;
use crate::policy::{IdTokenTerms, Terms};
use crate::store::licence;
use crate::token::{Algorithm, KeySet, RawToken, verify_signature};
use crate::words::names::{Audience, DecisionId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

const CLOUDS: &str = "https://oidc.example";
const MINUTE: Duration = Duration::from_secs(60);

fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path(), Arc::new(crate::words::SystemClock)).unwrap()
}

async fn issuers(identities: &Identities, store: &Store) -> OwnIssuers {
    let url = |text: &str| IssuerUrl::parse(text).unwrap();
    OwnIssuers::open(url(CLOUDS), url("https://oidc.example/id-tokens"), identities, store).await.unwrap()
}

fn verifies(token: &crate::words::Secret, jwks: &Value) -> bool {
    let set = KeySet::import(jwks.to_string().as_bytes()).unwrap();
    let raw = RawToken::parse(token.expose_text().unwrap().to_owned().into()).unwrap();
    verify_signature(raw.jws(), &set, &[Algorithm::Es256]).is_ok()
}

#[tokio::test]
async fn a_token_of_one_issuer_never_verifies_by_the_keys_of_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (store, identities) = (store(&folder), Identities::parse(&Identities::generate().0).unwrap());
    let own = issuers(&identities, &store).await;
    let (clouds, id_tokens) = (own.keys(OwnIssuer::Clouds).jwks(), own.keys(OwnIssuer::IdTokens).jwks());
    let audience = Audience::parse("sts.amazonaws.com").unwrap();
    let granted =
        licence::tests::granted("shop", Terms::IdToken(IdTokenTerms { audience, ttl: MINUTE, claims: BTreeMap::new() }));
    let (decision, now) = (DecisionId::new(), store.now());
    let token = own.id_tokens().id_token(&licence::tests::id_token(&granted, &decision), now).unwrap().token;
    assert_eq!((verifies(&token, &clouds), verifies(&token, &id_tokens)), (false, true));
    let keys = own.clouds().keys();
    let token = keys.mint(SigningAlgorithm::Es256, "x", "s", &decision, now, now.plus(MINUTE), Map::new()).unwrap();
    assert_eq!((verifies(&token, &clouds), verifies(&token, &id_tokens)), (true, false));
}

#[tokio::test]
async fn a_store_of_an_older_version_keeps_its_keys_for_clouds() {
    let folder = tempfile::tempdir().unwrap();
    let identities = Identities::parse(&Identities::generate().0).unwrap();
    let old = {
        let store = store(&folder);
        let url = IssuerUrl::parse(CLOUDS).unwrap();
        let keys = SigningKeys::open(OwnIssuer::Clouds, url, identities.clone(), &store).await.unwrap();
        keys.jwks()
    };
    let connection = rusqlite::Connection::open(folder.path().join("daypass.sqlite")).unwrap();
    connection.execute_batch("DROP TABLE id_token_keys").unwrap();
    drop(connection);
    let store = store(&folder);
    let own = issuers(&identities, &store).await;
    assert_eq!(own.keys(OwnIssuer::Clouds).jwks(), old);
    let kids = |jwks: &Value| jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect::<Vec<_>>();
    let fresh = own.keys(OwnIssuer::IdTokens).jwks();
    assert_eq!(kids(&fresh).len(), 1);
    assert!(kids(&fresh).iter().all(|kid| !kids(&old).contains(kid)), "{fresh}");
    assert_eq!(own.keys(OwnIssuer::IdTokens).discovery().id_token_signing_alg_values_supported, ["ES256"]);
}

#[test]
fn a_reserved_audience_is_reserved_in_every_spelling() {
    let of = |text: &str| compared(&Audience::parse(text).unwrap());
    let own = of("https://partner.example");
    for other in [
        "https://partner.example/",
        "https://partner.example//",
        "HTTPS://Partner.Example",
        "https://partner.example:443",
        "https://partner.example./",
        "https://partner.example/a/..",
        "https://partner.example/#a",
    ] {
        assert_eq!(of(other), own, "{other}");
    }
    for other in [
        "https://partner.example/a",
        "https://other.example",
        "http://partner.example",
        "https://partner.example:8443",
        "partner.example",
    ] {
        assert_ne!(of(other), own, "{other}");
    }
    assert_eq!(of("urn:Partner"), of("urn:partner"));
    assert!(Audience::parse("https://user@partner.example").is_err(), "a user would stand in records");
}
