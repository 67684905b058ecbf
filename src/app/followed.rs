//! One source as it is followed: how, since when, and what is wrong with it as a whole.

use crate::config::{SourceSettings, mirror};
use crate::custody::{Custody, Purpose};
use crate::git::Source;
use crate::policy::Bounds;
use crate::secrets::Identities;
use crate::words::names::{CommitId, SourceName};
use crate::words::{Denial, Reason, UnixTime};
use arc_swap::ArcSwapOption;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio::sync::{Mutex, Notify};

/// In a mirror: touched after each fetch, so that a restart knows how old it is.
const FETCHED_STAMP: &str = "daypass-fetched";

/// A source that is followed.
pub struct Followed {
    /// Its name.
    pub name: SourceName,
    /// How it is followed.
    pub settings: SourceSettings,
    /// The clone of a remote one.
    pub mirror: PathBuf,
    bounds: Vec<Arc<Bounds>>,
    custody: Custody,
    /// Other identities are held than when its secrets were last checked.
    rekeyed: AtomicBool,
    /// The wrapped keys in force may not all be recorded: a later record took the place of theirs, or a part of them failed.
    unrecorded: AtomicBool,
    /// When it was last read, in milliseconds.
    looked_at: AtomicI64,
    /// What is wrong with it as a whole.
    pub alarm: ArcSwapOption<String>,
    /// A commit that an operator accepts although it does not follow.
    pub accepted: ArcSwapOption<CommitId>,
    /// A commit of which nothing waits any more.
    pub confirmed: ArcSwapOption<CommitId>,
    /// Wakes the one who follows it: many calls before it looks are one.
    pub wake: Notify,
    /// One look at a time.
    pub turn: Mutex<()>,
}

impl Followed {
    /// Nothing is looked at yet, and no identity is read.
    pub fn new(name: SourceName, settings: SourceSettings, bounds: Vec<Arc<Bounds>>, data: &Path) -> Self {
        let mirror = mirror(data, &name);
        let custody = Custody::new(settings.age_identities.clone(), Purpose::SourceSecrets);
        let fetched = std::fs::metadata(mirror.join(FETCHED_STAMP)).and_then(|stamp| stamp.modified()).ok();
        let fetched = fetched.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let looked_at = fetched.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(i64::MIN);
        Self {
            name,
            settings,
            mirror,
            bounds,
            custody,
            rekeyed: AtomicBool::new(false),
            unrecorded: AtomicBool::new(false),
            looked_at: AtomicI64::new(looked_at),
            alarm: ArcSwapOption::empty(),
            accepted: ArcSwapOption::empty(),
            confirmed: ArcSwapOption::empty(),
            wake: Notify::new(),
            turn: Mutex::new(()),
        }
    }

    /// Where its objects are read.
    pub fn source(&self) -> Source {
        self.settings.origin.source(&self.mirror)
    }

    /// Whether it has to be fetched before it is read.
    pub fn is_remote(&self) -> bool {
        self.source().path == self.mirror
    }

    /// What it may speak of; none for the root source.
    pub fn bounds(&self) -> &[Arc<Bounds>] {
        &self.bounds
    }

    /// What opens its secrets.
    pub fn identities(&self) -> Arc<Identities> {
        self.custody.identities()
    }

    /// Reads its age identities where their files changed. Returns what is wrong with some of them.
    pub async fn read_identities(&self) -> Option<String> {
        let reading = self.custody.read().await;
        self.rekeyed.fetch_or(reading.changed, Ordering::Relaxed);
        reading.fault
    }

    /// Whether its secrets have to be opened anew, to know which of them do.
    pub fn is_rekeyed(&self) -> bool {
        self.rekeyed.load(Ordering::Relaxed)
    }

    /// Notes that they were, by the identities that are held.
    pub fn was_checked(&self) {
        self.rekeyed.store(false, Ordering::Relaxed);
    }

    /// Whether the next record has to hold every wrapped key in force.
    pub fn is_unrecorded(&self) -> bool {
        self.unrecorded.load(Ordering::Relaxed)
    }

    /// Notes whether the last one was written at once.
    pub fn was_recorded(&self, written: bool) {
        self.unrecorded.store(!written, Ordering::Relaxed);
    }

    /// Notes that it could be read, also for after a restart. `now` is the earlier one of both clocks: where the wall clock is ahead for a
    /// moment, the source does not count as read for longer.
    pub fn was_read(&self, now: UnixTime) {
        self.looked_at.store(now.millis(), Ordering::Relaxed);
        if self.is_remote()
            && let Err(fault) = std::fs::write(self.mirror.join(FETCHED_STAMP), b"")
        {
            tracing::warn!(source = %self.name, %fault, "the mirror cannot be written");
        }
    }

    /// The same repository by another definition is as fresh as it was.
    pub fn goes_on(&self, before: &Self) {
        self.looked_at.store(before.looked_at.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// When it could last be read.
    pub fn looked_at(&self) -> Option<UnixTime> {
        Some(self.looked_at.load(Ordering::Relaxed)).filter(|at| *at != i64::MIN).map(UnixTime::from_millis)
    }

    /// A repository that could not be read for `max_stale` grants nothing any more: what was taken back there is not known here. Nor
    /// does one that was read in the future, by a clock that was ahead.
    pub fn check_fresh(&self, now: UnixTime) -> Result<(), Denial> {
        match self.looked_at().filter(|at| *at <= now && now < at.plus(self.settings.max_stale)) {
            Some(_) => Ok(()),
            None => Err(Reason::PolicyUnavailable
                .because(format!("the source {} could not be read for longer than its `max_stale`", self.name))),
        }
    }
}
