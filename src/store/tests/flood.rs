//! Floods of refusals: the disk does not fill, and a probe is still found.

use super::*;
use std::net::Ipv6Addr;
use std::time::Instant;

/// What a limit admits beyond its burst, if it refills `per_minute` and has been in use since this time.
fn refilled(per_minute: u64, since: Instant) -> u64 {
    since.elapsed().as_secs() * per_minute / 60 + 1
}

/// The refusal of this number. Every tenth one is unverified, the others are of strangers. Owners and /64 networks differ.
fn foreign(number: u32) -> (IpAddr, String, Class) {
    let network = u64::from(number % 100_000);
    let client = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(network) << 64) | 1);
    (
        client.into(),
        format!("owner-{network}@{network}"),
        if number.is_multiple_of(10) { Class::Unverified } else { Class::Stranger },
    )
}

async fn refuse(store: &Store, number: u32) -> Kept {
    let (client, owner, class) = foreign(number);
    let attributes = json!({ "owner": owner, "ref": "r".repeat(500) }).as_object().cloned().map(Into::into);
    let body =
        RequestRecord { client: Some(client), credentials: Some(Vec::new()), attributes, ..RequestRecord::default() }.into();
    let (issuer, subject) = if class == Class::Unverified { ("", "") } else { ("github", owner.as_str()) };
    let claims = (class != Class::Unverified).then(|| Arc::from(json!({ "sub": owner, "more": "x".repeat(1500) }).to_string()));
    let reason = if class == Class::Unverified { Reason::TokenMalformed } else { Reason::NoMatchingPolicy };
    let refused = RefusalRecord { dry_run: false, class, reason, client, issuer, owner: &owner, subject, body, claims };
    store.refuse(&DecisionId::new(), refused).await.unwrap()
}

/// A refusal of an identity that some policy could match.
async fn probe(store: &Store, reason: Reason, subject: &str) -> (DecisionId, Kept) {
    probe_by(store, reason, subject, false).await
}

async fn probe_by(store: &Store, reason: Reason, subject: &str, dry_run: bool) -> (DecisionId, Kept) {
    let decision = DecisionId::new();
    let body = RequestRecord { reason: Some(reason.code().into()), ..RequestRecord::default() }.into();
    let client = IpAddr::from([192, 0, 2, 1]);
    let (issuer, claims) = ("github", Some("{}".into()));
    let refused = RefusalRecord { dry_run, class: Class::Known, reason, client, issuer, owner: "acme@1", subject, body, claims };
    let kept = store.refuse(&decision, refused).await.unwrap();
    (decision, kept)
}

async fn flood(store: &Arc<Store>, count: u32) {
    let workers: Vec<_> = (0..64)
        .map(|worker| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (worker..count).step_by(64) {
                    refuse(&store, number).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
}

fn bytes(folder: &Path) -> u64 {
    let files =
        ["daypass.sqlite", "daypass.sqlite-wal"].map(|name| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len()));
    files.iter().sum()
}

async fn a_flood_leaves_little_and_hides_no_probe(count: u32) {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let (flooding, prober) = (store.clone(), store.clone());
    let flooding = tokio::spawn(async move { flood(&flooding, count).await });
    let mut probes = Vec::new();
    for reason in [Reason::NoMatchingPolicy, Reason::Replayed, Reason::Denied] {
        tokio::time::sleep(Duration::from_millis(50)).await;
        probes.push(probe(&prober, reason, "repo:acme/shop:ref:refs/heads/probe").await);
    }
    flooding.await.unwrap();
    probes.push(probe(&store, Reason::NoMatchingPolicy, "repo:acme/shop:ref:refs/heads/later").await);
    store.write_aggregates().await.unwrap();
    let entries = Reader::open(folder.path()).unwrap().after(0, 10_000_000).unwrap();
    for (decision, kept) in &probes {
        assert_eq!(*kept, Kept::Recorded);
        assert!(entries.iter().any(|entry| entry.decision.as_deref() == Some(decision.as_str())), "found by its id");
    }
    let recorded = entries.iter().filter(|entry| entry.kind == "refused").count() - probes.len();
    let aggregated: Vec<&Value> = entries.iter().filter(|entry| entry.kind == "aggregated").map(|entry| &entry.body).collect();
    let counted: u64 = aggregated.iter().map(|body| body["total"].as_u64().unwrap()).sum();
    assert_eq!(recorded as u64 + counted, u64::from(count), "each is recorded or counted");
    let (networks, issuer) = (&aggregated[0]["top_networks"], &aggregated[0]["top_issuers"][0]);
    assert!(networks.as_array().unwrap().len() <= 10 && issuer["name"] == "github", "{}", aggregated[0]);
    let megabytes = bytes(folder.path()) / 1024 / 1024;
    println!("{count} refusals: {recorded} recorded, {counted} counted, {megabytes} MiB");
    assert!(megabytes <= 64, "{megabytes} MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_refusals_leave_at_most_64_mib_and_hide_no_probe() {
    a_flood_leaves_little_and_hides_no_probe(20_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes more than a minute; `make faults` runs it"]
async fn faults_a_million_refusals_leave_at_most_64_mib_and_hide_no_probe() {
    a_flood_leaves_little_and_hides_no_probe(1_000_000).await;
}

#[tokio::test]
async fn the_first_ten_probes_of_an_identity_are_recorded_and_the_rest_say_that_they_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    for (reason, subject) in [(Reason::Replayed, "a"), (Reason::Denied, "b")] {
        let (started, mut kept) = (Instant::now(), Vec::new());
        for _ in 0..200 {
            kept.push(probe(&store, reason, subject).await.1);
        }
        let recorded = kept.iter().filter(|kept| **kept == Kept::Recorded).count() as u64;
        assert!(kept[..10].iter().all(|kept| *kept == Kept::Recorded), "{recorded}");
        assert!(recorded <= 10 + 60 + refilled(61, started), "{recorded}");
    }
    assert_eq!(probe(&store, Reason::Replayed, "c").await.1, Kept::Recorded, "nobody uses up another's");
}

#[tokio::test]
async fn garbage_of_one_network_is_counted_and_does_not_fill_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let (started, mut recorded) = (Instant::now(), 0);
    for number in 0..1000u16 {
        let client = IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, number]);
        let (class, reason) = (Class::Unverified, Reason::TokenMalformed);
        let refused = RefusalRecord {
            dry_run: false,
            class,
            reason,
            client,
            issuer: "",
            owner: "",
            subject: "",
            body: RequestRecord::default().into(),
            claims: None,
        };
        recorded += u64::from(store.refuse(&DecisionId::new(), refused).await.unwrap() == Kept::Recorded);
    }
    store.write_aggregates().await.unwrap();
    let entries = Reader::open(folder.path()).unwrap().after(0, 2000).unwrap();
    let aggregated = &entries.iter().find(|entry| entry.kind == "aggregated").unwrap().body;
    assert!(recorded >= 30 && recorded <= 30 + refilled(30, started), "{recorded}");
    assert_eq!(aggregated["refused_unverified"]["token_malformed"].as_u64().unwrap() + recorded, 1000);
    assert_eq!(aggregated["top_networks"][0]["name"], "2001:db8::");
}

#[tokio::test]
async fn an_identity_that_is_answered_without_end_hears_that_it_asks_too_often() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let identity = intent(&[1], ReplayRule::PerJob, "a").identity;
    let (mut admitted, mut answer) = (0, "");
    // The share fills up again while an answer is recorded, so it is used up without records.
    while answer != "rate_limited" {
        while store.gate.admits_use(&identity) {
            admitted += 1;
        }
        answer = attempt(&store, &[1], ReplayRule::PerJob, "a").await;
    }
    assert!(admitted >= 12_000, "{admitted} uses: two thousand pods may start at once");
    let mut other = intent(&[2], ReplayRule::PerRequest, "a");
    other.identity = crate::words::Digest::of(&[&[8]]);
    assert!(matches!(store.intend((), other).await, Ok(IntentOutcome::Recorded(_))), "others are answered");
}

/// Otherwise an attacker could first use up the limits with dry runs, and then probe without a record.
#[tokio::test]
async fn dry_runs_use_up_nothing_of_what_is_recorded_of_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(crate::words::SystemClock)).unwrap();
    let (started, mut tried) = (Instant::now(), 0);
    for _ in 0..200 {
        tried += u64::from(probe_by(&store, Reason::Denied, "a", true).await.1 == Kept::Recorded);
    }
    assert!(
        tried >= 1 && tried <= 60 + refilled(60, started),
        "{tried} of 200 dry runs have records: they have a share of their own"
    );
    for reason in [Reason::Denied, Reason::Replayed, Reason::NoMatchingPolicy] {
        for _ in 0..5 {
            assert_eq!(probe(&store, reason, "a").await.1, Kept::Recorded, "{reason:?}");
        }
    }
}

#[tokio::test]
async fn counts_are_recorded_once_where_the_room_runs_out_during_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    for _ in 0..200 {
        probe(&store, Reason::NoMatchingPolicy, "a").await;
    }
    // Another connection holds the write lock, so that the record waits until the room has run out.
    let other = rusqlite::Connection::open(folder.path().join(schema::FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let writing = store.clone();
    let writing = tokio::spawn(async move { writing.write_aggregates().await });
    while !store.gate.is_empty() {
        tokio::task::yield_now().await;
    }
    store.space.claim(0);
    other.execute_batch("ROLLBACK").unwrap();
    writing.await.unwrap().unwrap();
    assert_eq!(Reader::open(folder.path()).unwrap().newest(1).unwrap()[0].kind, "aggregated");
    assert!(store.gate.take().is_empty(), "they have a record");
}
