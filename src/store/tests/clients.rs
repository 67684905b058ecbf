//! A token that serves one client only, and a proof that can be used once.

use super::*;

/// A use of one token that serves one client only.
fn binding(number: u8, client: &str) -> Intent {
    let intent = intent(&[number], ReplayRule::PerRequest, client);
    let (client, until) = (intent.client.clone(), UnixTime::from_millis(START + 300_000));
    let address = IpAddr::from([192, 0, 2, client.to_string().len() as u8]);
    Intent { binding: Some(Binding { token: [9; 32], client, address, until }), ..intent }
}

pub(super) async fn use_token(store: &Store, number: u8, client: &str) -> &'static str {
    let outcome = Outcome { answer: b"sealed".to_vec().into(), issued: Vec::new() };
    match store.intend_and_release(licence::tests::made_here(), binding(number, client), outcome).await.unwrap() {
        IntentOutcome::Recorded(_) => "minted",
        IntentOutcome::Repeat(_) => "repeated",
        IntentOutcome::Replayed(Replay::Used) => "replayed",
        IntentOutcome::Replayed(Replay::Elsewhere(_)) => "elsewhere",
        IntentOutcome::Replayed(Replay::Proof) => "proof used",
    }
}

#[tokio::test]
async fn the_first_release_binds_a_token_to_its_client_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let first = binding(1, "a");
    let decision = first.decision.clone();
    let Ok(IntentOutcome::Recorded(recorded)) = store.intend((), first).await else { panic!("recorded") };
    let _ = store.record_outcome(recorded, b"sealed".to_vec(), RequestRecord::default()).await.unwrap();
    assert_eq!([use_token(&store, 1, "bb").await, use_token(&store, 2, "bb").await], ["elsewhere"; 2]);
    let Ok(IntentOutcome::Replayed(Replay::Elsewhere(first_use))) = store.intend((), binding(3, "bb")).await else {
        panic!("replayed")
    };
    assert_eq!((first_use.client.as_str(), first_use.decision.as_str()), ("192.0.2.8", decision.as_str()));
    assert_eq!([use_token(&store, 1, "a").await, use_token(&store, 2, "a").await], ["repeated", "minted"]);
    drop(store);
    let (store, _) = open(folder.path());
    assert_eq!([use_token(&store, 4, "bb").await, use_token(&store, 4, "a").await], ["elsewhere", "minted"], "after a restart");
}

#[tokio::test]
async fn while_one_clients_use_is_under_way_the_token_serves_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    for released in [true, false] {
        let (one, two) = if released { (1, 2) } else { (3, 4) };
        let intend = async |number| match store.intend((), with_token(binding(number, "a"), released)).await.unwrap() {
            IntentOutcome::Recorded(recorded) => recorded,
            _ => panic!("recorded"),
        };
        let (first, second) = (intend(one).await, intend(two).await);
        let waiting = tokio::spawn({
            let store = store.clone();
            async move { store.intend((), with_token(binding(5, "bb"), released)).await }
        });
        store.fail(first, RequestRecord::default()).await.unwrap();
        // Records become durable in their order: after these it has heard of the failure, and has looked again.
        for _ in 0..3 {
            store.record("accepted", json!({})).await.unwrap();
        }
        assert!(!waiting.is_finished(), "the second use may bind it yet");
        if released {
            let _ = store.record_outcome(second, b"sealed".to_vec(), RequestRecord::default()).await.unwrap();
        } else {
            store.fail(second, RequestRecord::default()).await.unwrap();
        }
        match waiting.await.unwrap().unwrap() {
            IntentOutcome::Replayed(Replay::Elsewhere(_)) => assert!(released),
            IntentOutcome::Recorded(_) => assert!(!released, "what came to nothing binds nobody"),
            IntentOutcome::Repeat(_) | IntentOutcome::Replayed(Replay::Used | Replay::Proof) => panic!("neither"),
        }
    }
}

/// The same intent with another token.
fn with_token(mut intent: Intent, other: bool) -> Intent {
    intent.binding.iter_mut().for_each(|binding| binding.token = [u8::from(other); 32]);
    intent.uses.iter_mut().for_each(|usage| usage.key[31] = u8::from(other));
    intent
}

#[tokio::test]
async fn a_proof_opens_one_answer_and_its_retry_needs_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let attempt = async |store: &Store, number: u8, proof: u8| {
        let until = UnixTime::from_millis(START + 120_000);
        let proof = Some(ProofUse { key: [proof; 32], until });
        let outcome = Outcome { answer: b"sealed".to_vec().into(), issued: Vec::new() };
        let intent = Intent { proof, ..intent(&[number], ReplayRule::PerRequest, "a") };
        match store.intend_and_release(licence::tests::made_here(), intent, outcome).await.unwrap() {
            IntentOutcome::Recorded(_) => "minted",
            IntentOutcome::Repeat(_) => "repeated",
            IntentOutcome::Replayed(Replay::Proof) => "proof used",
            IntentOutcome::Replayed(_) => "replayed",
        }
    };
    assert_eq!([attempt(&store, 1, 1).await, attempt(&store, 1, 1).await], ["minted", "proof used"]);
    assert_eq!([attempt(&store, 1, 2).await, attempt(&store, 1, 2).await], ["repeated", "proof used"]);
    assert_eq!(attempt(&store, 2, 1).await, "proof used", "nor another credential");
    drop(store);
    let (store, _) = open(folder.path());
    assert_eq!(attempt(&store, 3, 1).await, "proof used", "after a restart");
}
