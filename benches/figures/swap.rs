//! Exchanges while a revision of ten thousand changed policies is loaded, compared with exchanges before it.
//! The connections are never idle, so the loading takes its processor time from the exchanges.

use crate::exchange::{CONNECTIONS, answer, connect, request};
use crate::load::commit;
use crate::support::{Setup, World, git};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const POLICIES: usize = 10_000;
/// Enough tokens for every round at six thousand exchanges per second.
const TOKENS: usize = 90_000;
/// How many revisions are loaded; the exchanges during all of them are counted together.
const ROUNDS: usize = 6;
/// How long exchanges run before each new revision.
const BEFORE: Duration = Duration::from_millis(1500);
/// A hook starts a fetch at most every five seconds.
const PAUSE: Duration = Duration::from_secs(5);
/// How often the bench asks whether the revision is in force.
const LOOK: Duration = Duration::from_millis(10);
const HOOK_SECRET: &str = "of-the-bench";
const NEXT: &str = "refs/heads/next";

pub(crate) fn run(thorough: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(thorough));
}

/// When one exchange was sent and when it was answered.
type Exchange = (Instant, Instant);

async fn measure(thorough: bool) {
    let (policies, tokens, rounds) = if thorough { (POLICIES, TOKENS, ROUNDS) } else { (100, CONNECTIONS * 4, 1) };
    let root = ", hook: { secret_file: hook-secret }".to_owned();
    let world = World::start(Setup { root, files: vec![("hook-secret", HOOK_SECRET.into())], ..Setup::default() }).await;
    prepare(&world, policies, "main");
    in_force(&world, &move_there(&world)).await;
    let requests: Arc<Vec<Vec<u8>>> = Arc::new((0..tokens).map(|number| request(&world, number % CONNECTIONS)).collect());
    let (next, mut before, mut during, mut took) = (Arc::new(AtomicUsize::new(0)), Vec::new(), Vec::new(), Duration::ZERO);
    for round in 0..rounds {
        prepare(&world, policies, if round % 2 == 0 { "release" } else { "main" });
        tokio::time::sleep(if thorough { PAUSE } else { Duration::ZERO }).await;
        let stop = Arc::new(AtomicBool::new(false));
        let exchanging = exchange(&world, &requests, &next, &stop).await;
        tokio::time::sleep(if thorough { BEFORE } else { LOOK }).await;
        let moved = Instant::now();
        let head = move_there(&world);
        wake(&world).await;
        in_force(&world, &head).await;
        let live = Instant::now();
        stop.store(true, Ordering::Relaxed);
        let exchanges: Vec<Exchange> = exchanging.join_all().await.into_iter().flatten().collect();
        before.extend(exchanges.iter().filter(|(_, answered)| *answered < moved));
        during.extend(exchanges.iter().filter(|(sent, answered)| *answered >= moved && *sent <= live));
        took += live - moved;
    }
    assert!(!thorough || next.load(Ordering::Relaxed) < tokens, "too few tokens for this machine");
    report(policies, took / u32::try_from(rounds).unwrap(), percentile(before), percentile(during));
}

fn report(policies: usize, took: Duration, before: Duration, during: Duration) {
    println!("swap      {policies} changed policies go live in {took:.1?} beside {CONNECTIONS} connections that exchange");
    println!(
        "          p99 of the exchanges {during:.1?}, {before:.1?} before: {:.2} times (aim: 1.5)",
        during.as_secs_f64() / before.as_secs_f64()
    );
}

/// The 99th percentile, or zero without any times.
fn percentile(mut exchanges: Vec<Exchange>) -> Duration {
    exchanges.sort_by_key(|(sent, answered)| *answered - *sent);
    let at = exchanges.len().saturating_sub(1) * 99 / 100;
    exchanges.get(at).map_or(Duration::ZERO, |(sent, answered)| *answered - *sent)
}

/// Every connection exchanges one token after the other until it is stopped.
async fn exchange(
    world: &World,
    requests: &Arc<Vec<Vec<u8>>>,
    next: &Arc<AtomicUsize>,
    stop: &Arc<AtomicBool>,
) -> JoinSet<Vec<Exchange>> {
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mut stream, requests, next, stop) = (connect(world).await, requests.clone(), next.clone(), stop.clone());
        tasks.spawn(async move {
            let mut exchanges = Vec::new();
            while !stop.load(Ordering::Relaxed)
                && let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let sent = Instant::now();
                answer(&mut stream, request).await;
                exchanges.push((sent, Instant::now()));
            }
            exchanges
        });
    }
    tasks
}

/// Commits policies that all match this branch, on a ref the server does not follow.
fn prepare(world: &World, policies: usize, branch: &str) {
    let repository = world.path("access");
    git(&repository, &["update-ref", NEXT, "refs/heads/main"]);
    commit(&repository, NEXT, 0..policies, branch);
}

/// Moves the followed ref to that commit and returns the commit.
fn move_there(world: &World) -> String {
    let repository = world.path("access");
    git(&repository, &["update-ref", "refs/heads/main", NEXT]);
    git(&repository, &["rev-parse", NEXT])
}

/// Calls the hook, as a forge does after a push.
async fn wake(world: &World) {
    let hook = world.http.post(world.url("/hooks/git/root")).header("x-gitlab-token", HOOK_SECRET);
    assert_eq!(hook.send().await.unwrap().status(), 202);
}

async fn in_force(world: &World, head: &str) {
    let started = Instant::now();
    while world.ready().await["revision"] != head {
        assert!(started.elapsed() < Duration::from_secs(60), "the revision does not go live:\n{}", world.log());
        tokio::time::sleep(LOOK).await;
    }
}
