use super::*;
use crate::token::{Algorithm, Expected, KeySet, RawToken, verify};
use crate::words::names::Audience;
use std::collections::BTreeMap;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn keys(folder: &std::path::Path) -> (SigningKeys, Store) {
    let store = Store::open(folder, Arc::new(crate::words::SystemClock)).unwrap();
    let identities = Identities::parse(&Identities::generate().0).unwrap();
    (SigningKeys::open(IssuerUrl::parse("https://oidc.example").unwrap(), identities, &store).await.unwrap(), store)
}

#[tokio::test]
async fn our_tokens_verify_by_our_own_published_keys_and_an_independent_library() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, store) = keys(folder.path()).await;
    let audience = Audience::parse("https://partner.example").unwrap();
    let terms = IdTokenTerms {
        audience: audience.clone(),
        ttl: Duration::from_secs(600),
        claims: BTreeMap::from([("repo".to_owned(), "acme/shop".to_owned())]),
    };
    let decision = DecisionId::new();
    let issued = keys.id_token(&terms, "root/shop/deploy", &decision, store.now()).unwrap();
    let text = issued.token.expose_text().unwrap().to_owned();
    let set = KeySet::import(keys.jwks().to_string().as_bytes()).unwrap();
    let expected = Expected {
        issuer: IssuerUrl::parse("https://oidc.example").unwrap(),
        audiences: vec![audience],
        algorithms: vec![Algorithm::Es256],
        token_age_max: DAY,
    };
    let token = verify(RawToken::parse(text.clone().into()).unwrap(), &set, &expected, store.now()).unwrap();
    assert_eq!(
        (token.subject(), token.token_id(), token.claims().claim("repo").unwrap()),
        ("root/shop/deploy", Some(decision.as_str()), &json!("acme/shop"))
    );
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys.jwks()).unwrap();
    let header = jsonwebtoken::decode_header(&text).unwrap();
    let jwk = jwks.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_audience(&["https://partner.example"]);
    jsonwebtoken::decode::<Value>(&text, &jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap();
    let rsa = keys.mint(SigningAlgorithm::Rs256, "x", "s", &decision, store.now(), store.now().plus(DAY), Map::new()).unwrap();
    let raw = RawToken::parse(rsa).unwrap();
    crate::token::verify_signature(raw.jws(), &set, &[Algorithm::Rs256]).unwrap();
}

#[tokio::test]
async fn keys_are_encrypted_at_rest_and_survive_a_turn() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, store) = keys(folder.path()).await;
    let rows = store.keys().await.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.state == KeyState::Signing && row.sealed.starts_with(b"age-encryption.org/")));
    let before = keys.jwks();
    keys.turn(&store).await.unwrap();
    assert_eq!(keys.jwks(), before);
}

#[test]
fn a_year_of_rotation_never_signs_with_an_unpublished_key() {
    let start = UnixTime::from_seconds(1_800_000_000);
    let mut rows: Vec<KeyRow> = Vec::new();
    for hour in 0..24 * 365 {
        let now = start.plus(Duration::from_secs(hour * 3600));
        for step in due(&rows, SigningAlgorithm::Es256, now) {
            match step {
                Step::Make(_, state) => rows.push(KeyRow {
                    kid: hour.to_string(),
                    algorithm: "ES256".to_owned(),
                    state,
                    created_at: now,
                    changed_at: now,
                    sealed: Vec::new(),
                }),
                Step::Move(row, state) => {
                    let found = rows.iter_mut().find(|other| other.kid == row.kid).unwrap();
                    assert!(state != KeyState::Signing || now.since(found.created_at) >= DAY, "published a day before it signs");
                    (found.state, found.changed_at) = (state, now);
                }
                Step::Remove(kid) => rows.retain(|row| row.kid != kid),
            }
        }
        assert_eq!(rows.iter().filter(|row| row.state == KeyState::Signing).count(), 1);
    }
    assert!((1..=3).contains(&rows.len()));
    assert_ne!(rows[0].kid, "0", "the first key is long gone");
}
