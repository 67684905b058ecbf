use super::*;
use crate::words::Clock;
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
    let mut held = Vec::new();
    for days in [0, 29, 1, 1, 29] {
        seconds.fetch_add(days * DAY, Ordering::SeqCst);
        sessions.turn(&store).await.unwrap();
        held.push(sessions.held.load().len());
    }
    assert_eq!(held, [1, 1, 2, 1, 2], "after 0, 29, 30, 31 and 60 days");
    let rows = store.session_keys().await.unwrap();
    assert!(rows[0].created_at > rows[1].created_at, "the newest one seals");
    assert!(rows.iter().all(|row| row.sealed.starts_with(b"age-encryption.org/")));
    assert_eq!(Sessions::load(identities(), &store).await.unwrap().held.load().len(), 2, "a restart makes none");
    let others = Identities::parse(&Identities::generate().0).unwrap();
    assert!(Sessions::load(others, &store).await.is_err(), "only the root identity opens them");
}
