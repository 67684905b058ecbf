//! A followed source: its settings, when it was last read, and what is wrong with it as a whole.

use crate::answers::listed_files;
use crate::config::{SourceSettings, mirror};
use crate::custody::{Custody, CustodyError, Purpose};
use crate::git::Source;
use crate::policy::Bounds;
use crate::secrets::Identities;
use crate::store::{FormatVersion, OperatorRecord, RecordedSources};
use crate::words::names::{CommitId, SourceName};
use crate::words::{Denial, Moment, Reason, UnixTime, WidenedFile};
use arc_swap::ArcSwapOption;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

/// A file in the mirror that is touched after each fetch, so that a restart knows the mirror's age.
const FETCHED_STAMP: &str = "daypass-fetched";
/// The time of an event that has not happened yet.
const NEVER: i64 = i64::MIN;

/// A source that is followed.
pub struct TrackedSource {
    /// Its name.
    pub name: SourceName,
    /// Its settings.
    pub settings: SourceSettings,
    /// The clone of a remote one.
    pub mirror: PathBuf,
    bounds: Vec<Arc<Bounds>>,
    custody: Custody,
    /// The identities have changed since its secrets were last checked.
    rekeyed: AtomicBool,
    /// The wrapped keys in force may not all be recorded: a later record replaced theirs, or a part of them failed.
    unrecorded: AtomicBool,
    /// When it was last read, in milliseconds of the wall clock, for reports.
    looked_at: AtomicI64,
    /// The same by the time since boot, which nobody can set: its age is measured by this. Negative before the machine's start.
    read_at: AtomicI64,
    /// What is wrong with it as a whole.
    pub alarm: ArcSwapOption<String>,
    /// A commit that an operator accepts although it does not follow the last one.
    pub accepted: ArcSwapOption<CommitId>,
    /// Wakes its follower. Many calls before the next reading count as one.
    pub wake: Notify,
    /// Allows one reading at a time.
    pub turn: Mutex<()>,
}

impl TrackedSource {
    /// Makes the source without reading anything. A mirror with a fetch time in the future, from a clock that was ahead, has no
    /// age until it is fetched again.
    pub fn new(name: SourceName, settings: SourceSettings, bounds: Vec<Arc<Bounds>>, data: &Path, now: Moment) -> Self {
        let mirror = mirror(data, &name);
        let custody = Custody::new(settings.age_identities.clone(), Purpose::SourceSecrets);
        let fetched = std::fs::metadata(mirror.join(FETCHED_STAMP)).and_then(|stamp| stamp.modified()).ok();
        let fetched = fetched.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let looked_at = fetched.map_or(NEVER, millis);
        let read_at = fetched.map(millis).filter(|at| *at <= now.wall.millis());
        let read_at = read_at.map_or(NEVER, |at| millis(now.boot) - (now.wall.millis() - at));
        Self {
            name,
            settings,
            mirror,
            bounds,
            custody,
            rekeyed: AtomicBool::new(false),
            unrecorded: AtomicBool::new(false),
            looked_at: AtomicI64::new(looked_at),
            read_at: AtomicI64::new(read_at),
            alarm: ArcSwapOption::empty(),
            accepted: ArcSwapOption::empty(),
            wake: Notify::new(),
            turn: Mutex::new(()),
        }
    }

    /// The repository whose objects are read.
    pub fn source(&self) -> Source {
        self.settings.origin.source(&self.mirror)
    }

    /// Whether it has to be fetched before it is read.
    pub fn is_remote(&self) -> bool {
        self.source().path == self.mirror
    }

    /// The repository of a further source, for a record about it: the source's name may belong to another one later.
    pub(super) fn recorded_repository(&self) -> Option<RecordedSources> {
        let repository = || (self.name.clone(), self.settings.origin.address.to_string());
        (!self.name.is_root()).then(|| RecordedSources::from([repository()]))
    }

    /// The record of what an operator does about one of its commits.
    pub(super) fn operator_record(&self, commit: CommitId, held: Option<&[WidenedFile]>) -> OperatorRecord {
        let (source, sources) = (self.name.clone(), self.recorded_repository());
        let (held, held_left_out) = held.map(listed_files).unzip();
        let (held, held_left_out) = (held.map(<[_]>::to_vec), held_left_out.flatten());
        OperatorRecord { commit, held, held_left_out, source, sources, v: FormatVersion }
    }

    /// Its bounds; none for the root source.
    pub fn bounds(&self) -> &[Arc<Bounds>] {
        &self.bounds
    }

    /// The identities that open its secrets.
    pub fn identities(&self) -> Arc<Identities> {
        self.custody.identities()
    }

    /// Reads age identities whose files changed. Returns a fault of one of them, if there is any.
    pub async fn read_identities(&self) -> Option<CustodyError> {
        let reading = self.custody.read().await;
        self.rekeyed.fetch_or(reading.changed, Ordering::Relaxed);
        reading.fault
    }

    /// Whether its secrets have to be opened again, to know which ones still open.
    pub fn is_rekeyed(&self) -> bool {
        self.rekeyed.load(Ordering::Relaxed)
    }

    /// Notes that the secrets were checked with the current identities.
    pub fn was_checked(&self) {
        self.rekeyed.store(false, Ordering::Relaxed);
    }

    /// Whether the next record has to list every wrapped key in force.
    pub fn is_unrecorded(&self) -> bool {
        self.unrecorded.load(Ordering::Relaxed)
    }

    /// Notes whether the last record was written at once.
    pub fn note_recorded(&self, written: bool) {
        self.unrecorded.store(!written, Ordering::Relaxed);
    }

    /// Notes that it could be read, also for a later start.
    pub fn was_read(&self, now: Moment) {
        self.looked_at.store(now.wall.millis(), Ordering::Relaxed);
        self.read_at.store(millis(now.boot), Ordering::Relaxed);
        if self.is_remote()
            && let Err(fault) = std::fs::write(self.mirror.join(FETCHED_STAMP), b"")
        {
            tracing::warn!(source = %self.name, %fault, "the mirror cannot be written");
        }
    }

    /// Takes over the age of the same repository under its old definition.
    pub fn continue_from(&self, before: &Self) {
        self.looked_at.store(before.looked_at.load(Ordering::Relaxed), Ordering::Relaxed);
        self.read_at.store(before.read_at.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// When it could last be read.
    pub fn looked_at(&self) -> Option<UnixTime> {
        Some(self.looked_at.load(Ordering::Relaxed)).filter(|at| *at != NEVER).map(UnixTime::from_millis)
    }

    /// A repository that could not be read for `max_stale` grants nothing, because revocations there are not known here. The age
    /// is measured by the time since boot: setting the wall clock neither extends nor shortens it.
    pub fn check_fresh(&self, boot: Duration) -> Result<(), Denial> {
        let read_at = Some(self.read_at.load(Ordering::Relaxed)).filter(|at| *at != NEVER);
        match read_at.filter(|at| millis(boot) < at.saturating_add(millis(self.settings.max_stale))) {
            Some(_) => Ok(()),
            None => Err(Reason::PolicyUnavailable
                .with_cause(format!("the source {} could not be read for longer than its `max_stale`", self.name))),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::{Access, Address, Origin};
    use crate::words::{SteppingClock, Timeline};

    const START: i64 = 1_800_000_000_000;
    const MAX_STALE: Duration = Duration::from_secs(600);

    fn settings() -> SourceSettings {
        let (address, reference) = (Address::Https("https://forge.example/access".to_owned()), "refs/heads/main".to_owned());
        SourceSettings {
            origin: Origin { address, reference, access: Access::default() },
            interval: Duration::from_secs(30),
            age_identities: Vec::new(),
            since: None,
            max_stale: MAX_STALE,
            signers: None,
            hook_secret: None,
        }
    }

    /// A source that was never read, and the clocks.
    fn source(data: &Path) -> (SteppingClock, Timeline, TrackedSource) {
        let clock = SteppingClock::at(START);
        let timeline = Timeline::new(Arc::new(clock.clone()));
        let followed = followed(data, &timeline);
        (clock, timeline, followed)
    }

    fn followed(data: &Path, timeline: &Timeline) -> TrackedSource {
        TrackedSource::new(SourceName::root(), settings(), Vec::new(), data, timeline.moment())
    }

    fn read(followed: &TrackedSource, timeline: &Timeline) {
        followed.was_read(timeline.moment());
    }

    fn is_fresh(followed: &TrackedSource, timeline: &Timeline) -> bool {
        followed.check_fresh(timeline.since_boot()).is_ok()
    }

    #[test]
    fn setting_the_clock_neither_extends_nor_shortens_max_stale() {
        let data = tempfile::tempdir().unwrap();
        // By less than `max_stale` and by more, there and back, and until the new time has settled.
        for (step, back_after) in
            [(300, 60), (-300, 60), (86_400, 60), (-86_400, 60), (86_400, 7200), (-300, 7200), (-86_400, 7200)]
        {
            let (clock, timeline, followed) = source(data.path());
            assert!(!is_fresh(&followed, &timeline), "it was never read");
            read(&followed, &timeline);
            clock.step(step * 1000);
            assert!(is_fresh(&followed, &timeline), "{step}: it was read a moment ago");
            // While it can be read it is fresh, whatever the clock says.
            for _ in 0..back_after / 30 {
                clock.pass(Duration::from_secs(30));
                read(&followed, &timeline);
                assert!(is_fresh(&followed, &timeline), "{step}: it was read just now");
            }
            // From here on it cannot be read, and the clock is set back meanwhile.
            clock.pass(Duration::from_secs(300));
            assert!(is_fresh(&followed, &timeline), "{step}");
            clock.step(-step * 1000);
            clock.pass(Duration::from_secs(299));
            assert!(is_fresh(&followed, &timeline), "{step}: a second is left");
            clock.pass(Duration::from_secs(1));
            assert!(!is_fresh(&followed, &timeline), "{step}: its time is over");
            for seconds in [60, 3600, 86_400] {
                clock.pass(Duration::from_secs(seconds));
                assert!(!is_fresh(&followed, &timeline), "{step}: nothing makes it fresh but a look, {seconds} s later");
            }
        }
    }

    #[test]
    fn a_mirror_keeps_its_age_over_a_restart_and_has_none_if_it_is_from_the_future() {
        let data = tempfile::tempdir().unwrap();
        let mirror = mirror(data.path(), &SourceName::root());
        std::fs::create_dir_all(&mirror).unwrap();
        let stamp = std::fs::File::create(mirror.join(FETCHED_STAMP)).unwrap();
        for (age, expected) in [(0, true), (599, true), (600, false), (-1, false), (-86_400, false)] {
            let at = START / 1000 - age;
            let modified = std::time::UNIX_EPOCH + Duration::from_secs(u64::try_from(at).unwrap());
            stamp.set_times(std::fs::FileTimes::new().set_modified(modified)).unwrap();
            let (clock, timeline, followed) = source(data.path());
            assert_eq!(is_fresh(&followed, &timeline), expected, "{age}");
            assert_eq!(followed.looked_at(), Some(UnixTime::from_seconds(at)), "it is told as it is");
            clock.step(-3_600_000);
            assert_eq!(is_fresh(&followed, &timeline), expected, "{age}, and set back");
            clock.pass(Duration::from_secs(u64::try_from(600 - age.max(0)).unwrap()));
            assert!(!is_fresh(&followed, &timeline), "{age}");
        }
    }
}
