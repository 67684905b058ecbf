//! A store that cannot be written: reads work, and some changes take effect all the same.

use super::*;
use crate::words::Forms;
use crate::words::names::CommitId;

#[tokio::test]
async fn what_took_effect_while_nothing_could_be_written_is_recorded_before_anything_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let before = Reader::open(folder.path()).unwrap().newest(1).unwrap()[0].seq;
    // Another connection holds the write lock until the store gives up.
    let other = rusqlite::Connection::open(folder.path().join(schema::FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let commit = CommitId::parse(&"a".repeat(40)).unwrap();
    let mut forms = Forms::default();
    forms.insert("guardrails.yaml".to_owned(), vec![commit.clone(), CommitId::parse(&"b".repeat(40)).unwrap()]);
    let denial = DenialRow { id: "x".to_owned(), until: None, body: json!({}) };
    let (denied, moved) =
        tokio::join!(store.deny(denial, None), store.record_revision("root", &commit, &forms, Vec::new(), json!({})));
    assert_eq!([denied, moved].map(|done| done.unwrap_err().reason), [Reason::AuditUnavailable; 2]);
    assert!(store.marks("root").await.unwrap().highest.is_none(), "reads do not wait for the writer");
    assert_eq!(store.denials().await.unwrap().len(), 0);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(attempt(&store, &[1], ReplayRule::PerRequest, "a").await, "minted");
    let entries = Reader::open(folder.path()).unwrap().after(before, 10).unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["denied", "revision", "intended", "released"]);
    assert_eq!((store.denials().await.unwrap().len(), store.marks("root").await.unwrap().forms), (1, Some(forms)));
}

#[tokio::test]
async fn a_revoked_session_is_over_also_where_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let Ok(IntentOutcome::Recorded(recorded)) = store.intend((), intent(&[1], ReplayRule::PerRequest, "a")).await else {
        panic!("recorded")
    };
    let decision = recorded.decision().clone();
    let login = RequestRecord { session: Some(SessionRecord::default()), ..RequestRecord::default() };
    let _ = store.record_outcome(recorded, Vec::new(), login).await.unwrap();
    let other = rusqlite::Connection::open(folder.path().join(schema::FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(store.revoke(&decision, "leaked").await.is_err());
    assert!(store.has_ended(&decision));
    other.execute_batch("ROLLBACK").unwrap();
    store.retry_deferred().await;
    let newest = Reader::open(folder.path()).unwrap().newest(1).unwrap().remove(0);
    assert_eq!((newest.kind.as_str(), newest.decision.as_deref()), ("revoked", Some(decision.as_str())));
}
