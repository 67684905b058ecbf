//! The effects of setting the wall clock on everything in the store that depends on time.

use super::*;
use crate::words::SteppingClock;
use crate::words::names::DecisionId;

const HOUR: i64 = 3_600_000;
const RULE: ReplayRule = ReplayRule::PerRequest;

fn stepping(folder: &Path, millis: i64) -> (Arc<Store>, SteppingClock) {
    let clock = SteppingClock::at(millis);
    (Arc::new(Store::open(folder, Arc::new(clock.clone())).unwrap()), clock)
}

fn restarted(store: Arc<Store>, folder: &Path, millis: i64) -> (Arc<Store>, SteppingClock) {
    drop(store);
    stepping(folder, millis)
}

/// Uses a token that expires at this time.
async fn use_token(store: &Store, number: u8, expires_at: i64) -> &'static str {
    let mut intent = intent(&[number], RULE, "a");
    intent.uses[0].expires_at = UnixTime::from_millis(expires_at);
    match store.intend((), intent).await.unwrap() {
        IntentOutcome::Recorded(recorded) => {
            let _ = store.record_outcome(recorded, b"sealed".to_vec(), RequestRecord::default()).await.unwrap();
            "minted"
        }
        IntentOutcome::Repeat(_) => "repeated",
        IntentOutcome::Replayed(_) => "replayed",
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_for_three_seconds_stops_nothing_and_revives_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = stepping(folder.path(), START);
    clock.pass(Duration::from_secs(3600));
    let now = START + HOUR;
    assert_eq!(use_token(&store, 1, now + 300_000).await, "minted");
    clock.step(HOUR);
    assert_eq!(use_token(&store, 2, now + 2 * HOUR).await, "minted", "it forgets what has expired");
    clock.pass(Duration::from_secs(3));
    assert!(store.clock_fault().unwrap().contains("was set by 3600 s"));
    clock.step(-HOUR);
    assert_eq!((store.now().millis(), store.clock_fault()), (now + 3000, None), "it is not held ahead");
    assert_eq!(attempt(&store, &[1], RULE, "b").await, "replayed");
    assert_eq!(use_token(&store, 3, now + 300_000).await, "minted");
    store.record_clock().await.unwrap();
    let told = Reader::open(folder.path()).unwrap().newest(2).unwrap();
    let told: Vec<_> = told.iter().map(|entry| (entry.kind.as_str(), entry.body["clock"].as_str().unwrap())).collect();
    assert_eq!(told, [("clock", "stepped"), ("clock", "agrees again")]);
    let (store, _) = restarted(store, folder.path(), now + 4000);
    assert_eq!(use_token(&store, 4, now + 300_000).await, "minted", "a restart works");
    assert_eq!(attempt(&store, &[1], RULE, "b").await, "replayed");
}

#[tokio::test]
async fn used_tokens_stay_refused_through_every_step_and_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut clock) = stepping(folder.path(), START);
    let expires_at = START + 6 * HOUR;
    assert_eq!(use_token(&store, 1, expires_at).await, "minted");
    for (number, step) in [(2, 1), (3, -1), (4, -5), (5, 30), (6, -25), (7, 24 * 365), (8, -24 * 365)] {
        clock.step(step * HOUR);
        for _ in 0..3 {
            clock.pass(Duration::from_secs(601));
            use_token(&store, number, clock.now().millis() + 60_000).await;
            assert_ne!(use_token(&store, 1, expires_at).await, "minted", "after {step} hours");
        }
        (store, clock) = restarted(store, folder.path(), clock.now().millis());
        assert_eq!(use_token(&store, 1, expires_at).await, "replayed", "after {step} hours and a restart");
    }
}

#[tokio::test]
async fn time_goes_on_while_the_clock_is_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = stepping(folder.path(), START);
    clock.step(-HOUR);
    clock.pass(Duration::from_secs(40));
    assert_eq!(store.now().millis(), START + 40_000, "a token that its issuer made just now is not of the future");
    store.accept_clock().await.unwrap();
    assert_eq!(store.now(), clock.now());
}

#[tokio::test]
async fn a_clock_that_was_ahead_for_days_is_reported_until_an_operator_accepts_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = stepping(folder.path(), START + 48 * HOUR);
    clock.pass(Duration::from_secs(24 * 3600));
    assert_eq!(use_token(&store, 1, clock.now().millis() + 60_000).await, "minted");
    let (store, _) = restarted(store, folder.path(), START + 24 * HOUR);
    assert!(store.clock_fault().unwrap().contains("behind the time up to which used tokens were forgotten"));
    assert_eq!(use_token(&store, 2, START + 25 * HOUR).await, "replayed", "it may have been used");
    let other = schema::open(folder.path()).unwrap();
    let failing = other.unchecked_transaction().unwrap();
    let _ = store.rules.forgotten.write_back(&failing, store.now()).unwrap();
    failing.rollback().unwrap();
    assert_eq!(use_token(&store, 2, START + 25 * HOUR).await, "replayed", "the acceptance did not become durable");
    store.accept_clock().await.unwrap();
    assert_eq!((store.clock_fault(), use_token(&store, 2, START + 25 * HOUR).await), (None, "minted"));
}

#[tokio::test]
async fn a_clock_that_is_ahead_ends_no_denial_and_forgets_no_ended_session() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = stepping(folder.path(), START);
    let (one, other) = (DecisionId::new(), DecisionId::new());
    store.end_session(&one, RequestRecord::default()).await.unwrap();
    let until = Some(UnixTime::from_millis(START + 4 * HOUR));
    store.deny(DenialRow { id: "x".to_owned(), until, body: json!({}) }, None).await.unwrap();
    clock.step(25 * HOUR);
    store.end_session(&other, RequestRecord::default()).await.unwrap();
    assert_eq!((store.has_ended(&one), store.denials().await.unwrap().len()), (true, 1));
    clock.step(-25 * HOUR);
    clock.pass(Duration::from_secs(4 * 3600));
    assert_eq!((store.has_ended(&one), store.denials().await.unwrap().len()), (true, 0));
}

#[tokio::test]
async fn a_sealed_answer_ends_with_its_minute_whatever_the_clock_is_set_to() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = stepping(folder.path(), START);
    let sealed = store.seal(&crate::words::Secret::new(b"x".to_vec()), b"token").unwrap();
    let repeat = Repeat { decision: DecisionId::new(), sealed };
    clock.step(-10 * HOUR);
    assert!(store.unseal(&repeat, b"token").is_some());
    clock.pass(Duration::from_secs(130));
    assert!(store.unseal(&repeat, b"token").is_none());
}

#[tokio::test]
async fn a_binding_and_a_proof_go_when_tokens_of_their_time_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = stepping(folder.path(), START);
    assert_eq!(super::clients::use_token(&store, 1, "a").await, "minted");
    let proof = Some(ProofUse { key: [1; 32], until: UnixTime::from_millis(START + 120_000) });
    let proved = Intent { proof, ..intent(&[2], RULE, "a") };
    assert!(matches!(store.intend((), proved).await, Ok(IntentOutcome::Recorded(_))));
    for (hours, left) in [(1, 2i64), (3, 0)] {
        clock.pass(Duration::from_secs(hours * 3600));
        use_token(&store, 10 + hours as u8, clock.now().millis() + 60_000).await;
        let rows = schema::open(folder.path()).unwrap().query_row(
            "SELECT (SELECT count(*) FROM bindings) + (SELECT count(*) FROM proofs)",
            [],
            |row| row.get(0),
        );
        assert_eq!(rows, Ok(left), "after {hours} more");
    }
}
