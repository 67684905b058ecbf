//! The store on a filesystem of 20 MiB of its own, which first refusals and then another program fill.

use crate::operate::{ask, daypass};
use crate::support::{Setup, World};
use daypass::client::environment::Environment;
use daypass::demo::issuer::{LocalIssuer, github_claims};
use daypass::identity::{Identity, Mapping, ReplayRule};
use daypass::policy::{Admission, Catalogue, IssuerEntry, Ruleset, Tree};
use daypass::store::{Class, DenialRow, Intent, IntentOutcome, Kept, RefusalRecord, RequestRecord, Store, TokenUse};
use daypass::token::{Algorithm, Expected, KeySet, RawToken, verify};
use daypass::words::names::{Audience, DecisionId, IssuerName, IssuerUrl};
use daypass::words::{Clock, Digest, Reason, SystemClock, UnixTime};
use serde_json::json;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Names the folder of the small disk, in the process that has one.
const SMALL_DISK: &str = "DAYPASS_SMALL_DISK";
/// Mounts the disk for this process and its children alone, and runs the given command.
const MOUNT: &str = "mount -t tmpfs -o size=20m tmpfs \"$0\" && exec \"$@\"";

/// The folder of the small disk. Without one it runs this test again in a process that has one, and returns `None`: the test is over.
pub fn small_disk(test: &str) -> Option<PathBuf> {
    let environment = Environment::of_process();
    if let Some(disk) = environment.value(SMALL_DISK) {
        return Some(disk.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let with_disk = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", MOUNT]).arg(folder.path()).args(words);
        command.env(SMALL_DISK, folder.path()).output()
    };
    if !with_disk(&["true"]).is_ok_and(|tried| tried.status.success()) {
        assert!(environment.value("DAYPASS_PEERS_REQUIRED").is_none(), "no filesystem can be mounted here");
        println!("PASSED OVER: no filesystem of 20 MiB can be mounted here, so a full disk is NOT TESTED");
        return None;
    }
    let program = std::env::current_exe().unwrap().display().to_string();
    let output = with_disk(&[&program, "--exact", test, "--nocapture", "--include-ignored"]).unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    println!("{printed}");
    None
}

/// A refusal with a record of some 8 KiB, each of another identity.
async fn refuse(store: &Store, class: Class, number: usize) -> Kept {
    let subject = format!("repo:owner-{number}/x");
    let body = record("x".repeat(8000));
    let client = IpAddr::from([10, (number >> 16) as u8, (number >> 8) as u8, number as u8]);
    let (reason, claims) = (Reason::NoMatchingPolicy, Some(format!("{{\"sub\":{number}}}").into()));
    let refused = RefusalRecord {
        dry_run: false,
        class,
        reason,
        client,
        issuer: "github",
        owner: &subject,
        subject: &subject,
        body,
        claims,
    };
    store.refuse(&DecisionId::new(), refused).await.unwrap()
}

fn record(cause: String) -> Box<RequestRecord> {
    Box::new(RequestRecord { cause: Some(cause), ..RequestRecord::default() })
}

/// A login that a policy admits: what is released needs a server, and a session is recorded in the same way.
async fn admitted() -> Admission {
    static KNOWN: OnceCell<(Ruleset, Identity)> = OnceCell::const_new();
    let (ruleset, identity) = KNOWN.get_or_init(known).await;
    ruleset.set().admit(identity, None, SystemClock.now()).unwrap()
}

async fn known() -> (Ruleset, Identity) {
    let issuer = LocalIssuer::start(Arc::new(SystemClock)).await.unwrap();
    let (url, name) = (IssuerUrl::parse(issuer.url()).unwrap(), IssuerName::parse("github").unwrap());
    let mapping = Mapping::built_in("github-actions").unwrap();
    let expected = Expected {
        issuer: url.clone(),
        audiences: vec![Audience::parse("https://daypass.example").unwrap()],
        algorithms: vec![Algorithm::Rs256],
        token_age_max: Duration::from_secs(3600),
        one_client: false,
        session_max: None,
    };
    let token = issuer.mint(&github_claims("push", "refs/heads/main"), "https://daypass.example").unwrap();
    let keys = KeySet::import(issuer.jwks().to_string().as_bytes()).unwrap();
    let verified = verify(RawToken::parse(token.into()).unwrap(), &keys, &expected, SystemClock.now()).unwrap();
    let identity = mapping.identify(&name, &expected, verified).unwrap();
    let policy = "issuer: github\nmatch: { repository: acme/shop@456789, event: push }\ngrant: { secrets: [shop/**] }\n";
    let catalogue: Catalogue = std::iter::once((name, IssuerEntry { url, mapping, session_max: None })).collect();
    let tree = Tree::from([("policies/shop.yaml".to_owned(), Arc::from(policy.as_bytes()))]);
    (Ruleset::load(&tree, &catalogue, None).0, identity)
}

async fn grant(store: &Store) -> Result<(), Reason> {
    let decision = DecisionId::new();
    let key = *Digest::plain(decision.as_str().as_bytes()).as_bytes();
    let usage = TokenUse { key, rule: ReplayRule::PerRequest, expires_at: UnixTime::from_seconds(4_000_000_000) };
    let intent = Intent {
        identity: Digest::plain(decision.as_str().as_bytes()),
        decision,
        uses: vec![usage],
        client: daypass::words::Client::Key("a".to_owned()),
        binding: None,
        proof: None,
        body: record("x".repeat(1500)),
        claims: "{}".into(),
    };
    match store.intend(admitted().await, intent).await.map_err(|denial| denial.reason)? {
        IntentOutcome::Recorded(recorded) => {
            let released = store.begin_session(recorded, vec![7; 300], record("x".repeat(500))).await;
            released.map(drop).map_err(|denial| denial.reason)
        }
        IntentOutcome::Repeat(_) | IntentOutcome::Replayed(_) => panic!("a new token"),
    }
}

async fn deny(store: &Store, id: &str) -> Result<(), Reason> {
    let row = DenialRow { id: id.to_owned(), until: None, body: json!({ "reason": "INC-7" }) };
    store.deny(row, None).await.map_err(|denial| denial.reason)
}

/// Another program fills the disk to its last byte.
pub fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("somebody-elses");
    let mut file = std::fs::File::create(&path).unwrap();
    for size in [65_536, 4096] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
    path
}

/// Restarts the server with its data on this disk.
pub async fn move_data(world: &mut World, disk: &Path) {
    let config = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    let data = format!("\ndata: {}/data\n", disk.display());
    std::fs::write(world.path("daypass.yaml"), config.replace("\ndata: data\n", &data)).unwrap();
    world.kill_and_restart().await;
}

fn reserve(disk: &Path) -> u64 {
    std::fs::metadata(disk.join("data/reserve")).unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_and_denials_become_durable_where_refusals_and_others_have_filled_the_disk() {
    let test = "faults::disk::grants_and_denials_become_durable_where_refusals_and_others_have_filled_the_disk";
    let Some(disk) = small_disk(test) else { return };
    let store = Arc::new(Store::open(&disk.join("data"), Arc::new(SystemClock)).unwrap());
    let whole = reserve(&disk);
    // Removing it later makes room for the reserve, however much of the write-ahead log is in the database by then.
    let others_first = disk.join("somebody-elses-first");
    std::fs::write(&others_first, vec![1; 2 * usize::try_from(whole).unwrap()]).unwrap();
    let mut recorded = Vec::new();
    for class in [Class::Unverified, Class::Stranger, Class::Known] {
        let mut count = 0;
        for number in 0..4000 {
            count += usize::from(refuse(&store, class, number + 10_000 * class as usize).await == Kept::Recorded);
        }
        assert!(count > 0, "no class has used up the room of {class:?}");
        assert_eq!(refuse(&store, class, 99_999).await, Kept::Counted);
        recorded.push(count);
    }
    println!("of 4,000 refusals of each class {recorded:?} have records; {} KiB are left", store.space().0 / 1024);
    assert!(
        store.space().1.is_some_and(|alarm| alarm.contains("refusals are only counted")),
        "the alarm comes before the disk is full"
    );
    for _ in 0..100 {
        grant(&store).await.unwrap();
    }
    deny(&store, "one").await.unwrap();
    let others = fill(&disk);
    let mut granted = 0;
    while grant(&store).await.is_ok() {
        granted += 1;
        assert!(granted < 100_000);
    }
    println!(
        "on the full disk {granted} grants more became durable from the reserve; {} of {whole} bytes are held",
        reserve(&disk)
    );
    assert!(granted >= 100, "{granted}");
    for number in 0..10 {
        deny(&store, &format!("late {number}")).await.unwrap();
    }
    assert_eq!(store.denials().await.unwrap().len(), 11, "what operators deny is durable after the last grant");
    drop(store);
    let store = Store::open(&disk.join("data"), Arc::new(SystemClock)).unwrap();
    assert_eq!(store.denials().await.unwrap().len(), 11, "and after a restart on the full disk");
    std::fs::remove_file(others).unwrap();
    std::fs::remove_file(others_first).unwrap();
    let _ = store.is_writable().await;
    grant(&store).await.unwrap();
    assert_eq!(reserve(&disk), whole, "the reserve is whole again");
}

/// The whole server, with its data on a disk that another program fills. An operator sees its state, and a denial is durable at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_of_a_server_on_a_full_disk_sees_its_state_and_denies_at_once() {
    let test = "faults::disk::an_operator_of_a_server_on_a_full_disk_sees_its_state_and_denies_at_once";
    let Some(disk) = small_disk(test) else { return };
    let mut world = World::start(Setup::default()).await;
    move_data(&mut world, &disk).await;
    assert_eq!(ask(&world).await.0, 200);
    let others = fill(&disk);
    let denies = ["deny", "--policy", "shop/deploy", "--reason", "INC-7"];
    let lifted_by = |output: &str| output.split("--lift ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    let (status, output) = daypass(&world, &["status"]).await;
    assert!(status == 78 && output.contains("DISK        "), "{status} {output}");
    let (status, output) = daypass(&world, &denies).await;
    assert!(status == 0 && output.starts_with("denied from now on until it is lifted"), "{status} {output}");
    assert_eq!(ask(&world).await, (403, json!("denied")), "at once, and no refusal that would need room");
    assert_eq!(daypass(&world, &["deny", "--lift", &lifted_by(&output)]).await.0, 0);
    let (mut granted, mut last) = (0, ask(&world).await);
    while last.0 == 200 {
        (granted, last) = (granted + 1, ask(&world).await);
        assert!(granted < 10_000);
    }
    println!("{granted} grants more came out of the reserve; then {} {}", last.0, last.1);
    assert!(granted > 0 && last.0 == 503, "{granted} {last:?}");
    let (status, output) = daypass(&world, &["status"]).await;
    assert!(status == 78 && output.contains("nothing is granted"), "{status} {output}");
    let (status, output) = daypass(&world, &denies).await;
    assert_eq!(status, 0, "the last of the room is for operators: {output}");
    assert_eq!(ask(&world).await, (403, json!("denied")), "at once");
    world.kill_and_restart().await;
    assert_eq!(ask(&world).await, (403, json!("denied")), "and durable, on the full disk");
    let (status, report) = daypass(&world, &["status"]).await;
    assert!(status == 78 && report.contains("INC-7"), "{status} {report}");
    // Another program takes the operators' reserve too: a denial may not become durable any more, but it is in force.
    let last = fill(&disk.join("data"));
    let (status, late) = daypass(&world, &["deny", "--run", "7", "--reason", "INC-8"]).await;
    assert!([0, 69].contains(&status) && late.to_lowercase().contains("denied from now on"), "{status} {late}");
    let (status, report) = daypass(&world, &["status"]).await;
    assert!(status == 78 && report.contains("INC-7") && report.contains("INC-8"), "{status} {report}");
    std::fs::remove_file(others).unwrap();
    std::fs::remove_file(last).unwrap();
    assert_eq!(daypass(&world, &["deny", "--lift", &lifted_by(&output)]).await.0, 0);
    world.until("there is room", |ready| ready["ready"] == true).await;
    assert_eq!(ask(&world).await.0, 200);
}
