use super::*;
use crate::identity::ReplayRule;
use crate::policy::AwsNarrowing;
use crate::words::names::PolicyName;
use crate::words::{Client, UnixTime};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

mod clients;
mod clock;
mod disk;
mod flood;
mod kept;

#[derive(Clone)]
struct TestClock(Arc<AtomicI64>);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_millis(self.0.load(Ordering::SeqCst))
    }
}

const START: i64 = 1_800_000_000_000;

fn open(folder: &Path) -> (Arc<Store>, TestClock) {
    let clock = TestClock(Arc::new(AtomicI64::new(START)));
    (Arc::new(Store::open(folder, Arc::new(clock.clone())).unwrap()), clock)
}

fn intent(uses: &[u8], rule: ReplayRule, client: &str) -> Intent {
    let expires_at = UnixTime::from_millis(START + 300_000);
    let uses = uses.iter().map(|number| TokenUse { key: [*number; 32], rule, expires_at }).collect();
    Intent {
        decision: DecisionId::new(),
        uses,
        identity: Digest::of(&[&[7]]),
        client: Client::Egress(client.to_owned()),
        binding: None,
        proof: None,
        body: RequestRecord { policies: Some(vec![PolicyName::parse("shop/deploy").unwrap()]), ..RequestRecord::default() }
            .into(),
        claims: r#"{"sub":"x"}"#.into(),
    }
}

async fn attempt(store: &Store, uses: &[u8], rule: ReplayRule, client: &str) -> &'static str {
    match store.intend((), intent(uses, rule, client)).await {
        Ok(IntentOutcome::Recorded(recorded)) => {
            let _ = store.record_outcome(recorded, b"sealed".to_vec(), RequestRecord::default()).await.unwrap();
            "minted"
        }
        Ok(IntentOutcome::Repeat(repeat)) => {
            assert_eq!(repeat.sealed, b"sealed");
            "repeated"
        }
        Ok(IntentOutcome::Replayed(_)) => "replayed",
        Err(denial) => denial.reason.code(),
    }
}

#[tokio::test]
async fn the_same_client_hears_the_same_for_a_minute_and_nobody_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open(folder.path());
    let rule = ReplayRule::PerRequest;
    assert_eq!(attempt(&store, &[1], rule, "a").await, "minted");
    assert_eq!(attempt(&store, &[1], rule, "a").await, "repeated");
    assert_eq!(attempt(&store, &[1], rule, "b").await, "replayed");
    assert_eq!(attempt(&store, &[2], rule, "b").await, "minted", "one token serves several credentials");
    clock.0.fetch_add(60_001, Ordering::SeqCst);
    assert_eq!(attempt(&store, &[1], rule, "a").await, "replayed");
}

#[tokio::test]
async fn several_credentials_are_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let rule = ReplayRule::PerRequest;
    assert_eq!(attempt(&store, &[1, 2], rule, "a").await, "minted");
    assert_eq!(attempt(&store, &[1, 2], rule, "a").await, "repeated");
    for part in [&[1][..], &[2, 3], &[1, 2, 3], &[2]] {
        assert_eq!(attempt(&store, part, rule, "a").await, "replayed", "{part:?}");
    }
    assert_eq!(attempt(&store, &[3], rule, "a").await, "minted", "a refused request used nothing up");
}

#[tokio::test]
async fn tokens_of_a_whole_job_may_repeat_and_once_means_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    for _ in 0..2 {
        assert_eq!(attempt(&store, &[1], ReplayRule::PerJob, "a").await, "minted");
    }
    assert_eq!(attempt(&store, &[2], ReplayRule::Once, "a").await, "minted");
    assert_eq!(attempt(&store, &[2], ReplayRule::Once, "a").await, "replayed");
}

#[tokio::test]
async fn a_session_repeats_its_clients_uses_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open(folder.path());
    let rule = ReplayRule::PerClient;
    for _ in 0..3 {
        assert_eq!(attempt(&store, &[1], rule, "a").await, "minted");
        clock.0.fetch_add(61_000, Ordering::SeqCst);
    }
    assert_eq!(attempt(&store, &[1], rule, "b").await, "replayed");
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "b").await, "replayed", "nor with the token itself");
    assert_eq!(attempt(&store, &[2], ReplayRule::PerRequest, "b").await, "minted");
    assert_eq!(attempt(&store, &[2], rule, "a").await, "replayed");
    let Ok(IntentOutcome::Recorded(recorded)) = store.intend((), intent(&[1], rule, "a")).await else { panic!("recorded") };
    store.fail(recorded, RequestRecord::default()).await.unwrap();
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "b").await, "replayed", "a failure forgets nothing");
}

#[tokio::test]
async fn a_session_that_was_ended_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (DecisionId::new(), DecisionId::new());
    let (store, _) = open(folder.path());
    store.end_session(&one, RequestRecord::default()).await.unwrap();
    drop(store);
    let (store, clock) = open(folder.path());
    assert_eq!((store.has_ended(&one), store.has_ended(&other)), (true, false));
    clock.0.fetch_add(25 * 3_600_000, Ordering::SeqCst);
    store.end_session(&other, RequestRecord::default()).await.unwrap();
    assert_eq!((store.has_ended(&one), store.has_ended(&other)), (false, true), "rows do not pile up");
}

#[tokio::test]
async fn what_failed_may_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let Ok(IntentOutcome::Recorded(recorded)) = store.intend((), intent(&[1], ReplayRule::PerRequest, "a")).await else {
        panic!("recorded")
    };
    store.fail(recorded, RequestRecord::default()).await.unwrap();
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "b").await, "minted");
}

#[tokio::test]
async fn after_a_restart_a_retry_is_refused_as_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "a").await, "minted");
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "a").await, "repeated");
    drop(store);
    let (store, _) = open(folder.path());
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "a").await, "replayed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_copies_give_one_mint() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let (minted, repeated, replayed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let counts = Arc::new((minted, repeated, replayed));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..10_000 {
        let (store, counts) = (store.clone(), counts.clone());
        tasks.spawn(async move {
            let counter = match attempt(&store, &[1], ReplayRule::PerRequest, if number % 2 == 0 { "a" } else { "b" }).await {
                "minted" => &counts.0,
                "repeated" => &counts.1,
                "replayed" => &counts.2,
                other => panic!("{other}"),
            };
            counter.fetch_add(1, Ordering::SeqCst);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(counts.0.load(Ordering::SeqCst), 1);
    assert_eq!(counts.1.load(Ordering::SeqCst) + counts.2.load(Ordering::SeqCst), 9_999);
    assert_eq!(counts.2.load(Ordering::SeqCst), 5_000, "the other client's copies are refused");
}

#[tokio::test]
async fn an_intent_without_outcome_is_reported_and_may_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let Ok(IntentOutcome::Recorded(recorded)) = store.intend((), intent(&[1], ReplayRule::PerRequest, "a")).await else {
        panic!("recorded")
    };
    drop((recorded, store));
    let (store, _) = open(folder.path());
    let entries = Reader::open(folder.path()).unwrap().after(0, 100).unwrap();
    let unresolved: Vec<_> = entries.iter().filter(|entry| entry.kind == "unresolved").collect();
    assert_eq!((unresolved.len(), &unresolved[0].body["policies"]), (1, &json!(["shop/deploy"])), "as its intent has them");
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "b").await, "minted");
}

/// A second writer would overwrite what the first one still writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_dropped_holds_its_directory_until_its_last_write_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let file = std::fs::File::open(folder.path().join("lock")).unwrap();
    let is_held = || {
        let locked = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        rustix::fs::flock(&file, rustix::fs::FlockOperation::Unlock).unwrap();
        locked.is_err()
    };
    let (end, ends) = std::sync::mpsc::channel();
    let last = store.write(move |connection| {
        ends.recv().unwrap();
        schema::append(connection, UnixTime::from_millis(START), "alarm", None, json!({}))
    });
    assert!(tokio::time::timeout(Duration::ZERO, last).await.is_err(), "it is under way, and nobody waits for it");
    drop(store);
    assert!(is_held());
    end.send(()).unwrap();
    let _store = open(folder.path());
    let kinds: Vec<String> =
        Reader::open(folder.path()).unwrap().after(0, 10).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["started", "alarm", "started"]);
}

/// A child that the ended process was starting has a copy of the descriptor for a moment.
#[test]
fn a_lock_that_is_let_go_soon_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let held = schema::lock(folder.path()).unwrap();
    let leaving = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        drop(held);
    });
    schema::lock(folder.path()).unwrap();
    leaving.join().unwrap();
}

#[tokio::test]
async fn a_second_process_and_a_changed_log_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    assert!(
        Store::open(folder.path(), Arc::new(crate::words::SystemClock))
            .is_err_and(|fault| matches!(fault, StoreError::Held { .. }))
    );
    drop(store);
    let connection = schema::open(folder.path()).unwrap();
    for change in ["UPDATE audit SET kind = 'x'", "DELETE FROM audit"] {
        assert!(connection.execute(change, []).unwrap_err().to_string().contains("append-only"));
    }
}

#[test]
fn an_audit_record_cannot_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let connection = schema::open(folder.path()).unwrap();
    for number in 1..=3 {
        schema::append(&connection, UnixTime::from_millis(START), "refused", None, json!({ "number": number })).unwrap();
    }
    let kinds = || {
        let mut statement = connection.prepare("SELECT seq || kind FROM audit ORDER BY seq").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<Vec<String>>>().unwrap()
    };
    for places in ["2", "3", "0", "5", "NULL", "-1"] {
        for verb in ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT OR FAIL", "INSERT"] {
            let change = format!("{verb} INTO audit (seq, at, kind, body) VALUES ({places}, 0, 'forged', x'00')");
            let refused = connection.execute(&change, []).unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{change}: {refused}");
        }
    }
    for change in [
        "UPDATE OR REPLACE audit SET seq = 2 WHERE seq = 3",
        "INSERT INTO audit (seq, at, kind, body) VALUES (2, 0, 'forged', x'00') ON CONFLICT DO UPDATE SET kind = 'forged'",
        "INSERT OR REPLACE INTO audit (seq, at, kind, body) SELECT seq, at, 'forged', body FROM audit",
    ] {
        assert!(connection.execute(change, []).unwrap_err().to_string().contains("append-only"), "{change}");
    }
    assert_eq!(kinds(), ["1refused", "2refused", "3refused"]);
}

#[tokio::test]
async fn a_stored_answer_serves_only_a_request_that_is_narrowed_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let attempt = async |narrowed: Option<AwsNarrowing>| {
        let mut intent = intent(&[1], ReplayRule::PerRequest, "a");
        intent.body.narrowed = narrowed;
        match store.intend((), intent).await.unwrap() {
            IntentOutcome::Recorded(recorded) => {
                let _ = store.record_outcome(recorded, b"sealed".to_vec(), RequestRecord::default()).await.unwrap();
                "minted"
            }
            IntentOutcome::Repeat(_) => "repeated",
            IntentOutcome::Replayed(_) => "replayed",
        }
    };
    let narrowed = |policy: &str, seconds: Option<u64>| {
        Some(AwsNarrowing { duration_seconds: seconds, policy: Some(policy.to_owned()), policy_arns: Vec::new() })
    };
    assert_eq!(attempt(narrowed("{}", Some(900))).await, "minted");
    assert_eq!(attempt(narrowed("{}", Some(900))).await, "repeated");
    for other in [narrowed("{ }", Some(900)), narrowed("{}", None), None] {
        assert_eq!(attempt(other.clone()).await, "replayed", "{other:?}");
    }
}

#[tokio::test]
async fn an_aws_session_is_known_from_its_release_to_its_end_and_not_after_a_revocation() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open(folder.path());
    let session = |token: &str| AwsSession {
        token: crate::words::Digest::plain(token.as_bytes()),
        arn: "arn:aws:sts::123456789012:assumed-role/deploy/s".to_owned(),
        id: "AROAX:s".to_owned(),
        expires_at: UnixTime::from_millis(START + 900_000),
    };
    let mut decisions = Vec::new();
    for (number, token) in [(1, "first"), (2, "second")] {
        let Ok(IntentOutcome::Recorded(recorded)) = store.intend((), intent(&[number], ReplayRule::PerRequest, "a")).await else {
            panic!("recorded")
        };
        decisions.push(recorded.decision().clone());
        let answer = Answer { sessions: vec![session(token)], ..Answer::from(Vec::new()) };
        let _ = store.record_outcome(recorded, answer, RequestRecord::default()).await.unwrap();
    }
    let known = async |token: &str| store.aws_session(session(token).token).await.unwrap();
    assert_eq!(known("first").await, Some((decisions[0].clone(), session("first"))));
    assert_eq!(known("another").await, None);
    store.revoke(&decisions[1], "leaked").await.unwrap();
    assert_eq!((known("first").await.is_some(), known("second").await), (true, None));
    clock.0.fetch_add(900_000, Ordering::SeqCst);
    assert_eq!(known("first").await, None);
    clock.0.fetch_add(1, Ordering::SeqCst);
    assert_eq!(attempt(&store, &[3], ReplayRule::PerRequest, "a").await, "minted");
    let rows = schema::open(folder.path()).unwrap().query_row("SELECT count(*) FROM aws_sessions", [], |row| row.get(0));
    assert_eq!(rows, Ok(0i64), "what has ended is forgotten");
}

#[tokio::test]
async fn what_is_made_here_has_one_record_with_its_claims_and_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let at_once = async |number: u8, rule: ReplayRule, client: &str| {
        let outcome = Outcome { answer: b"sealed".to_vec().into(), issued: vec![json!({"z": 1, "a": 2}).into()] };
        match store.intend_and_release(licence::tests::made_here(), intent(&[number], rule, client), outcome).await.unwrap() {
            IntentOutcome::Recorded(_) => "minted",
            IntentOutcome::Repeat(repeat) if repeat.sealed == b"sealed" => "repeated",
            IntentOutcome::Repeat(_) | IntentOutcome::Replayed(_) => "replayed",
        }
    };
    assert_eq!(at_once(1, ReplayRule::PerRequest, "a").await, "minted");
    assert_eq!(at_once(1, ReplayRule::PerRequest, "a").await, "repeated");
    assert_eq!(at_once(1, ReplayRule::PerRequest, "b").await, "replayed");
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "a").await, "repeated", "also where it would be two records");
    assert_eq!(at_once(2, ReplayRule::PerClient, "a").await, "minted");
    assert_eq!(at_once(2, ReplayRule::PerClient, "a").await, "minted");
    assert_eq!(at_once(2, ReplayRule::PerClient, "b").await, "replayed");
    assert_eq!(attempt(&store, &[3], ReplayRule::PerRequest, "a").await, "minted");
    let reader = Reader::open(folder.path()).unwrap();
    let kinds: Vec<String> = reader.after(1, 100).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["released", "repeated", "repeated", "released", "released", "intended", "released"]);
    let first = reader.after(1, 1).unwrap().remove(0);
    assert_eq!((&first.body["issued"][0]["a"], first.body["claims"].as_str().map(str::len)), (&json!(2), Some(64)));
    let mut claims = Vec::new();
    let each = |released: ReleasedDecision| {
        claims.push(released.claims);
        std::ops::ControlFlow::Continue(())
    };
    reader.released_since(UnixTime::from_millis(START), each).unwrap();
    assert_eq!(claims, vec![Some(json!({"sub": "x"})); 4], "from a record of its own and from an intent alike");
}

#[tokio::test]
async fn a_key_that_is_not_removed_has_no_record_of_its_removal() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open(folder.path());
    let key = |state| KeyRow {
        kid: "k".to_owned(),
        algorithm: "ES256".to_owned(),
        state,
        created_at: clock.now(),
        changed_at: clock.now(),
        sealed: Vec::new(),
    };
    for (state, left, newest) in
        [(KeyState::Signing, 1, "signing"), (KeyState::Retired, 0, "removed"), (KeyState::Retired, 0, "removed")]
    {
        store.put_key(OwnIssuer::Clouds, key(state)).await.unwrap();
        for _ in 0..2 {
            store.remove_key(OwnIssuer::Clouds, "k".to_owned()).await.unwrap();
        }
        let records = Reader::open(folder.path()).unwrap().newest(2).unwrap();
        let states: Vec<&Value> = records.iter().map(|entry| &entry.body["state"]).collect();
        assert_eq!(store.keys(OwnIssuer::Clouds).await.unwrap().len(), left);
        assert!(states.contains(&&json!(newest)) && states[0] != states[1], "{states:?}");
    }
    let before = Reader::open(folder.path()).unwrap().newest(1).unwrap()[0].seq;
    store.remove_session_key("none".to_owned()).await.unwrap();
    assert_eq!(Reader::open(folder.path()).unwrap().newest(1).unwrap()[0].seq, before);
}
