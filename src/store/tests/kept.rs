use super::*;

#[tokio::test]
async fn the_copy_of_a_token_is_deleted_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open(folder.path());
    let Ok(IntentOutcome::Recorded(recorded)) = store.intend((), intent(&[1], ReplayRule::PerRequest, "a")).await else {
        panic!("recorded")
    };
    let decision = recorded.decision().clone();
    let kept = |provider: &str, millis: i64| KeptToken {
        provider: provider.to_owned(),
        expires_at: UnixTime::from_millis(START + millis),
        sealed: b"sealed".to_vec(),
    };
    let answer = Answer { kept: vec![kept("short", 60_000), kept("long", 3_600_000)], ..Answer::from(Vec::new()) };
    let _ = store.record_outcome(recorded, answer, RequestRecord::default()).await.unwrap();
    let providers = async || {
        store.forget_ended_tokens().await.unwrap();
        let kept = store.kept_tokens(&decision).await.unwrap();
        kept.into_iter().map(|(number, kept)| (number, kept.provider)).collect::<Vec<_>>()
    };
    assert_eq!(providers().await, [(0, "short".to_owned()), (1, "long".to_owned())]);
    clock.0.fetch_add(60_001, Ordering::SeqCst);
    assert_eq!(providers().await, [(1, "long".to_owned())]);
    store.record_ended(&decision, 1, "long".to_owned(), Some("it does not answer".to_owned())).await.unwrap();
    assert_eq!(providers().await.len(), 1, "one that lives on can be ended later");
    store.record_ended(&decision, 1, "long".to_owned(), None).await.unwrap();
    assert_eq!(providers().await, []);
    let rows = schema::open(folder.path()).unwrap().query_row("SELECT count(*) FROM kept_tokens", [], |row| row.get(0));
    assert_eq!(rows, Ok(0i64));
}

/// `audit verify` reads an archive of an earlier version.
#[test]
fn a_store_from_before_the_copies_has_its_other_witnesses() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    schema::open(folder.path()).unwrap().execute("DROP TABLE kept_tokens", []).unwrap();
    assert!(Reader::open(folder.path()).unwrap().witnesses().is_ok());
}
