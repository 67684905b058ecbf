use super::*;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Whatever takes longer than this hangs, however busy the machine is.
const HANGS: Duration = Duration::from_secs(240);

/// A clock that the test sets, in seconds.
#[derive(Default)]
struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::SeqCst))
    }
}

struct Bench {
    clock: Arc<ManualClock>,
    fetches: Arc<AtomicU64>,
    denied: Arc<Mutex<bool>>,
    renewed: Arc<Renewing<u64>>,
}

/// Values that live for a thousand seconds; the first ends at 1,000.
fn bench(ahead: Option<Duration>) -> Bench {
    let (clock, fetches, denied) = (Arc::new(ManualClock::default()), Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(false)));
    let (hand, count, no) = (clock.clone(), fetches.clone(), denied.clone());
    let first = Expiring { value: 0, expires_at: UnixTime::from_seconds(1000) };
    let renewed = Renewing::new(Some(first), ahead, clock.clone(), move || {
        let value = count.fetch_add(1, Ordering::SeqCst) + 1;
        let (expires_at, no) = (hand.now().plus(Duration::from_secs(1000)), *no.lock().unwrap());
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let denied = || Failure { decision: Some("7".into()), ..Failure::new(STATUS_DENIED, "no").with_hint("ask") };
            if no { Err(denied()) } else { Ok(Expiring { value, expires_at }) }
        })
    });
    Bench { clock, fetches, denied, renewed }
}

impl Bench {
    fn at(&self, seconds: i64) -> &Self {
        self.clock.0.store(seconds, Ordering::SeqCst);
        self
    }

    async fn value(&self) -> Result<u64, Failure> {
        self.renewed.current().await.map(|dated| dated.value)
    }

    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(HANGS, waiting).await.unwrap();
    }
}

#[tokio::test]
async fn a_renewal_is_due_when_less_than_the_chosen_time_is_left() {
    for (ahead, not_yet, due) in [(None, 666, 667), (Some(100), 899, 900), (Some(0), 999, 1000), (Some(2000), 0, 0)] {
        let bench = bench(ahead.map(Duration::from_secs));
        assert_eq!(bench.at(not_yet).renewed.is_due(), not_yet == due, "{ahead:?}");
        assert!(bench.at(due).renewed.is_due(), "{ahead:?}");
    }
    let hours = due_at(UnixTime::from_seconds(12 * 3600), None, UnixTime::from_seconds(0));
    assert_eq!(hours, UnixTime::from_seconds(12 * 3600 - 15 * 60), "at most a quarter of an hour ahead");
}

#[tokio::test]
async fn the_last_good_value_is_served_until_its_end_and_a_denial_only_after_it() {
    let bench = bench(None);
    *bench.denied.lock().unwrap() = true;
    assert!(bench.at(900).renewed.renew().await.is_err());
    assert_eq!(bench.at(999).value().await.unwrap(), 0);
    let failure = bench.at(1000).value().await.unwrap_err();
    assert_eq!((failure.status, failure.one_line().as_str()), (STATUS_DENIED, "no; hint: ask; decision: 7"));
    assert_eq!(bench.fetches.load(Ordering::SeqCst), 2);
    assert!(bench.at(1004).value().await.is_err());
    assert_eq!(bench.fetches.load(Ordering::SeqCst), 2, "told again, not asked again");
    *bench.denied.lock().unwrap() = false;
    assert_eq!(bench.at(1005).value().await.unwrap(), 3);
}

#[tokio::test]
async fn all_who_wait_share_one_renewal() {
    let bench = bench(None);
    bench.at(1000);
    let all: Vec<_> = (0..50)
        .map(|_| {
            tokio::spawn({
                let renewed = bench.renewed.clone();
                async move { renewed.current().await.unwrap().value }
            })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), 1);
    }
    assert_eq!(bench.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_renewal_goes_on_when_nobody_waits_for_it() {
    let bench = bench(None);
    let gave_up = tokio::time::timeout(Duration::ZERO, bench.at(1000).renewed.current()).await;
    assert!(gave_up.is_err());
    bench.until(|bench| !bench.renewed.is_due()).await;
    assert_eq!((bench.value().await.unwrap(), bench.fetches.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_keeper_renews_by_itself_and_stops_when_it_is_dropped() {
    let bench = bench(None);
    let keeper = bench.at(700).renewed.keep_fresh();
    bench.until(|bench| !bench.renewed.is_due()).await;
    assert_eq!((bench.value().await.unwrap(), Arc::strong_count(&bench.renewed)), (1, 2), "the keeper goes on");
    drop(keeper);
    bench.until(|bench| Arc::strong_count(&bench.renewed) == 1).await;
    assert_eq!((bench.at(1690).renewed.is_due(), bench.fetches.load(Ordering::SeqCst)), (true, 1), "nobody renews any more");
}
