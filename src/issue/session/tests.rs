use super::*;
use crate::identity::Mapping;
use crate::token::verified::{expected, verified};
use crate::words::Clock;
use crate::words::names::IssuerName;
use serde_json::json;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

struct TestClock(Arc<AtomicI64>);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::SeqCst))
    }
}

const DAY: i64 = 24 * 3600;

#[tokio::test]
async fn a_key_seals_for_a_month_and_opens_for_a_day_more() {
    let folder = tempfile::tempdir().unwrap();
    let seconds = Arc::new(AtomicI64::new(1_800_000_000));
    let store = Store::open(folder.path(), Arc::new(TestClock(seconds.clone()))).unwrap();
    let file = Identities::generate().0;
    let identities = || Identities::parse(&file).unwrap();
    let sessions = Sessions::load(identities(), &store).await.unwrap();
    let mut counts = Vec::new();
    for days in [0, 29, 1, 1, 29] {
        seconds.fetch_add(days * DAY, Ordering::SeqCst);
        sessions.rotate_due(&store).await.unwrap();
        counts.push(sessions.keys.load().len());
    }
    assert_eq!(counts, [1, 1, 2, 1, 2], "after 0, 29, 30, 31 and 60 days");
    let rows = store.session_keys().await.unwrap();
    assert!(rows[0].created_at > rows[1].created_at, "the newest one seals");
    assert!(rows.iter().all(|row| row.sealed.starts_with(b"age-encryption.org/")));
    assert_eq!(Sessions::load(identities(), &store).await.unwrap().keys.load().len(), 2, "a restart makes none");
    let others = Identities::parse(&Identities::generate().0).unwrap();
    assert!(Sessions::load(others, &store).await.is_err(), "only the root identity opens them");
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_a_moment_turns_no_session_key() {
    let folder = tempfile::tempdir().unwrap();
    let clock = crate::words::SteppingClock::at(1_800_000_000_000);
    let store = Store::open(folder.path(), Arc::new(clock.clone())).unwrap();
    let sessions = Sessions::load(Identities::parse(&Identities::generate().0).unwrap(), &store).await.unwrap();
    let first = store.session_keys().await.unwrap().remove(0).id;
    clock.step(400 * DAY * 1000);
    sessions.rotate_due(&store).await.unwrap();
    clock.step(-400 * DAY * 1000);
    let left: Vec<String> = store.session_keys().await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(left, [first]);
}

#[tokio::test]
async fn a_session_that_is_shown_again_is_not_read_again_until_the_keys_turn() {
    let folder = tempfile::tempdir().unwrap();
    let seconds = Arc::new(AtomicI64::new(1_800_000_000));
    let store = Store::open(folder.path(), Arc::new(TestClock(seconds))).unwrap();
    let sessions = Sessions::load(Identities::parse(&Identities::generate().0).unwrap(), &store).await.unwrap();
    let (issuer, client, now) = (IssuerName::parse("ci").unwrap(), IpAddr::from([192, 0, 2, 1]), store.now());
    let begin = || Beginning { id: DecisionId::new(), issuer: issuer.clone(), client, policy: None, lasting: None, now };
    let [one, other] = [0, 1].map(|_| sessions.begin(&verified(json!({})), &expected(), begin()).unwrap().0);
    let (mapping, read) = (Mapping::built_in("generic").unwrap(), std::cell::Cell::new(0));
    let open = |token: &Secret| {
        let known = sessions.open(token, |session| {
            read.set(read.get() + 1);
            mapping.read_session(&issuer, session)
        });
        known.map(|known| known.session().id().clone())
    };
    let ids = [open(&one).unwrap(), open(&other).unwrap(), open(&one).unwrap(), open(&other).unwrap()];
    assert!(ids[0] == ids[2] && ids[1] == ids[3] && ids[0] != ids[1], "{ids:?}");
    assert_eq!(read.get(), 2);
    let mut changed = one.expose().to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert!(open(&Secret::new(changed)).is_err(), "what is remembered helps nobody who shows something else");
    sessions.rotate_due(&store).await.unwrap();
    assert_eq!((open(&one).unwrap(), read.get()), (ids[0].clone(), 3));
}
