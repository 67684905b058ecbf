use super::*;
use crate::store::HostedKeys;
use crate::token::{Algorithm, Expected, KeySet, RawToken, verify};

use crate::words::names::Audience;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn keys(folder: &std::path::Path) -> (SigningKeys, Store) {
    let store = Store::open(folder, Arc::new(crate::words::SystemClock)).unwrap();
    let identities = Identities::parse(&Identities::generate().0).unwrap();
    (
        SigningKeys::open(OwnIssuer::Clouds, IssuerUrl::parse("https://oidc.example").unwrap(), identities, &store)
            .await
            .unwrap(),
        store,
    )
}

#[tokio::test]
async fn our_tokens_verify_by_our_own_published_keys_and_an_independent_library() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, store) = keys(folder.path()).await;
    let audience = Audience::parse("https://partner.example").unwrap();
    let (decision, now) = (DecisionId::new(), store.now());
    let extra = Map::from_iter([("repo".to_owned(), json!("acme/shop"))]);
    let until = now.plus(Duration::from_secs(600));
    let issued = keys.mint(SigningAlgorithm::Es256, audience.as_str(), "root/shop/deploy", &decision, now, until, extra).unwrap();
    let text = issued.expose_text().unwrap().to_owned();
    let set = KeySet::import(keys.jwks().to_string().as_bytes()).unwrap();
    let expected = Expected {
        issuer: IssuerUrl::parse("https://oidc.example").unwrap(),
        audiences: vec![audience],
        algorithms: vec![Algorithm::Es256],
        token_age_max: DAY,
        one_client: false,
        session_max: None,
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
    let rows = store.keys(OwnIssuer::Clouds).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.state == KeyState::Signing && row.sealed.starts_with(b"age-encryption.org/")));
    let before = keys.jwks();
    keys.rotate_due(&store).await.unwrap();
    assert_eq!(keys.jwks(), before);
}

/// A year of hourly rotations. After each, `host` sets which keys were written for another host.
fn year(hosted: &mut HostedKeys, mut host: impl FnMut(&[KeyRow], &mut HostedKeys, UnixTime)) -> Vec<KeyRow> {
    let start = UnixTime::from_seconds(1_800_000_000);
    let mut rows: Vec<KeyRow> = Vec::new();
    for hour in 0..24 * 365 {
        let now = start.plus(Duration::from_secs(hour * 3600));
        for step in due(&rows, hosted, SigningAlgorithm::Es256, now) {
            match step {
                Step::Make(_, state) => rows.push(row(hour.to_string(), state, now)),
                Step::Move(row, state) => {
                    let found = rows.iter_mut().find(|other| other.kid == row.kid).unwrap();
                    assert!(state != KeyState::Signing || now.since(found.created_at) >= DAY, "published a day before it signs");
                    if let (Some(hosted), KeyState::Signing) = (&*hosted, state) {
                        assert!(now.since(hosted[&row.kid]) >= DAY, "hosted a day before it signs");
                    }
                    (found.state, found.changed_at) = (state, now);
                }
                Step::Remove(kid) => rows.retain(|row| row.kid != kid),
            }
        }
        assert_eq!(rows.iter().filter(|row| row.state == KeyState::Signing).count(), 1);
        host(&rows, hosted, now);
    }
    rows
}

fn row(kid: String, state: KeyState, now: UnixTime) -> KeyRow {
    KeyRow { kid, algorithm: "ES256".to_owned(), state, created_at: now, changed_at: now, sealed: Vec::new() }
}

#[test]
fn a_year_of_rotation_never_signs_with_an_unpublished_key() {
    let rows = year(&mut None, |_, _, _| {});
    assert!((1..=3).contains(&rows.len()));
    assert_ne!(rows[0].kid, "0", "the first key is long gone");
}

#[test]
fn where_keys_are_hosted_elsewhere_one_signs_a_day_after_it_was_written_there_and_not_before() {
    let host = |every: i64| {
        move |rows: &[KeyRow], hosted: &mut HostedKeys, now: UnixTime| {
            if (now.seconds() / 3600) % every == 0 {
                let known = hosted.get_or_insert_default();
                rows.iter().for_each(|row| _ = known.entry(row.kid.clone()).or_insert(now));
            }
        }
    };
    let weekly = year(&mut None, host(24 * 7));
    assert_ne!(weekly[0].kid, "0", "late, and still turned");
    let start = UnixTime::from_seconds(1_800_000_000);
    let mut only_first = Some([("0".to_owned(), start)].into());
    let rows = year(&mut only_first, |_, _, _| {});
    assert!(rows.iter().any(|row| row.kid == "0" && row.state == KeyState::Signing), "the old one signs on");
    let publication = Publication::of(&rows, &only_first, &SigningAlgorithm::ALL, start.plus(DAY * 365));
    assert_eq!((publication.waiting(), publication.keys[1].waits_to_be_hosted), (1, true));
}

#[test]
fn the_next_publication_is_due_when_the_next_key_is_made() {
    let start = UnixTime::from_seconds(1_800_000_000);
    let rows = [row("a".to_owned(), KeyState::Signing, start)];
    let told = Publication::of(&rows, &None, &SigningAlgorithm::ALL, start.plus(DAY));
    assert_eq!(told.next_key_at, start.plus(DAY * 89));
    assert_eq!(told.host_before, start.plus(DAY * 90));
    let rows = [rows[0].clone(), row("b".to_owned(), KeyState::Published, start.plus(DAY * 89))];
    let told = Publication::of(&rows, &None, &SigningAlgorithm::ALL, start.plus(DAY * 89));
    assert_eq!(told.keys[1].signs_from, Some(start.plus(DAY * 90)));
    assert_eq!(told.next_key_at, start.plus(DAY * 179));
}

#[tokio::test]
async fn a_rotation_by_hand_publishes_first_and_goes_on_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(MovedClock::default());
    let store = Store::open(folder.path(), clock.clone()).unwrap();
    let identities = Identities::parse(&Identities::generate().0).unwrap();
    let keys = SigningKeys::open(OwnIssuer::Clouds, IssuerUrl::parse("https://oidc.example").unwrap(), identities, &store)
        .await
        .unwrap();
    let signing = || async {
        let rows = store.keys(OwnIssuer::Clouds).await.unwrap();
        rows.into_iter().filter(|row| row.state == KeyState::Signing).map(|row| row.kid).collect::<Vec<_>>()
    };
    let first = signing().await;
    assert_eq!((keys.rotate(&store).await.unwrap(), keys.rotate(&store).await.unwrap()), (2, 0), "one is on its way already");
    assert_eq!(
        (keys.jwks()["keys"].as_array().unwrap().len(), signing().await),
        (4, first.clone()),
        "published, and not signing"
    );
    store.note_hosted(OwnIssuer::Clouds, first.clone()).await.unwrap();
    clock.move_by(DAY);
    keys.rotate_due(&store).await.unwrap();
    assert_eq!((signing().await, keys.waiting_to_be_hosted()), (first.clone(), 2), "not hosted yet");
    let all = store.keys(OwnIssuer::Clouds).await.unwrap().into_iter().map(|row| row.kid).collect();
    store.note_hosted(OwnIssuer::Clouds, all).await.unwrap();
    clock.move_by(DAY);
    keys.rotate_due(&store).await.unwrap();
    let second = signing().await;
    assert!(second.len() == 2 && second.iter().all(|kid| !first.contains(kid)));
    clock.move_by(DAY);
    keys.rotate_due(&store).await.unwrap();
    assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), 2, "the retired ones are gone");
    store.forget_hosted(OwnIssuer::Clouds).await.unwrap();
    assert_eq!(store.hosted_keys(OwnIssuer::Clouds).await.unwrap(), None);
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_a_moment_retires_no_signing_key() {
    let folder = tempfile::tempdir().unwrap();
    let clock = crate::words::SteppingClock::at(1_800_000_000_000);
    let store = Store::open(folder.path(), Arc::new(clock.clone())).unwrap();
    let identities = Identities::parse(&Identities::generate().0).unwrap();
    let keys = SigningKeys::open(OwnIssuer::Clouds, IssuerUrl::parse("https://oidc.example").unwrap(), identities, &store)
        .await
        .unwrap();
    let before = keys.jwks();
    clock.step(400 * 24 * 3_600_000);
    keys.rotate_due(&store).await.unwrap();
    clock.step(-400 * 24 * 3_600_000);
    assert_eq!(keys.jwks(), before);
}

/// The real time plus an offset.
#[derive(Default)]
struct MovedClock(std::sync::atomic::AtomicU64);

impl MovedClock {
    fn move_by(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

impl crate::words::Clock for MovedClock {
    fn now(&self) -> UnixTime {
        crate::words::SystemClock.now().plus(Duration::from_secs(self.0.load(Ordering::Relaxed)))
    }
}
