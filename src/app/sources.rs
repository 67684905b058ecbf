//! The followed sources: the root source, and those that its revision in force defines.

use super::App;
use super::live::{ActiveSource, Live};
use super::revision::{Defined, Revision};
use super::tracked_source::TrackedSource;
use crate::words::names::SourceName;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// A forge's hook wakes a source at most this often. Calls in between count as one.
const WAKE_PAUSE: Duration = Duration::from_secs(5);

/// The followed sources other than the root source.
pub(super) type FurtherSources = BTreeMap<SourceName, Arc<TrackedSource>>;

impl App {
    /// Follows one source until it is not defined any more.
    pub(super) async fn follow(self: Arc<Self>, source: Arc<TrackedSource>) {
        let mut tick = interval(source.settings.interval);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut woken_at: Option<Instant> = None;
        while self.follows(&source) {
            tokio::select! {
                _ = tick.tick() => {}
                () = source.wake.notified() => {
                    if let Some(before) = woken_at {
                        sleep_until(before + WAKE_PAUSE).await;
                    }
                    woken_at = Some(Instant::now());
                }
            }
            self.reconcile(&source).await;
        }
    }

    fn follows(&self, source: &Arc<TrackedSource>) -> bool {
        source.name.is_root() || self.further.load().get(&source.name).is_some_and(|known| Arc::ptr_eq(known, source))
    }

    /// The source of this name.
    pub fn followed(&self, name: &SourceName) -> Option<Arc<TrackedSource>> {
        if name.is_root() { Some(self.root.clone()) } else { self.further.load().get(name).cloned() }
    }

    /// Every source that is followed, the root first, and what is active of it. Nothing is active of one that was never read.
    pub fn all_followed<'a>(&self, live: &'a Live) -> Vec<(Arc<TrackedSource>, Option<&'a ActiveSource>)> {
        let further = self.further.load_full();
        let all = std::iter::once(&self.root).chain(further.values());
        all.map(|followed| (followed.clone(), live.source(&followed.name))).collect()
    }

    /// Puts a revision in force, next to those of the other sources. A new one of the root source decides which other sources
    /// there are, and their bounds apply in the same moment. Returns how many policies this source has now; `None` if it is not
    /// followed any more. If it fails, nothing has changed, and the next reading tries again.
    pub(super) async fn swap_in(
        self: &Arc<Self>,
        source: &Arc<TrackedSource>,
        next: Revision,
    ) -> Result<Option<usize>, JoinError> {
        let _turn = self.live_turn.lock().await;
        let revision = Arc::new(next);
        let live = self.live.load_full();
        let in_force = ActiveSource::new(source.clone(), revision.clone(), &self.catalogue);
        let policies = revision.ruleset.policies().count();
        let further = |named: &FurtherSources| {
            let known = named.iter().filter_map(|(name, followed)| {
                let known = live.source(name)?;
                let same = Arc::ptr_eq(&known.followed, followed);
                let now = || ActiveSource::new(followed.clone(), known.revision.clone(), &self.catalogue);
                Some((name.clone(), if same { known.clone() } else { now() }))
            });
            known.collect::<BTreeMap<_, _>>()
        };
        let (mut started, mut followed) = (Vec::new(), None);
        let (root, further) = if source.name.is_root() {
            let named = self.named(&revision.sources, &mut started);
            let further = further(&named);
            followed = Some(Arc::new(named));
            (in_force, further)
        } else if self.follows(source)
            && let Some((_, root)) = live.sources().next()
        {
            let mut further = further(&self.further.load());
            further.insert(source.name.clone(), in_force);
            (root.clone(), further)
        } else {
            return Ok(None);
        };
        // Indexing many policies, and dropping many, takes as long as many exchanges.
        let before = live.clone();
        let next = tokio::task::spawn_blocking(move || Live::of(root, further, Some(&before))).await?;
        // Only now: if the indexing failed, sources would be named that nothing follows.
        if let Some(followed) = followed {
            self.further.store(followed);
        }
        self.live.store(Arc::new(next));
        self.notify_change();
        tokio::task::spawn_blocking(move || drop(live));
        for source in started {
            // `keep_up` receives it, and runs as long as the server.
            let _ = self.starting.send(source);
        }
        Ok(Some(policies))
    }

    /// Puts the mirror's commit in force first, then follows the source.
    pub(super) async fn begin(self: Arc<Self>, source: Arc<TrackedSource>) {
        self.recover(&source).await;
        self.follow(source).await;
    }

    /// The sources to follow: unchanged ones continue, the others start.
    fn named(&self, defined: &BTreeMap<SourceName, Defined>, started: &mut Vec<Arc<TrackedSource>>) -> FurtherSources {
        let known = self.further.load();
        let mut named = FurtherSources::new();
        for (name, definition) in defined {
            let same = |followed: &&Arc<TrackedSource>| {
                followed.bounds().len() == definition.bounds.len()
                    && followed.bounds().iter().zip(&definition.bounds).all(|(one, other)| Arc::ptr_eq(one, other))
            };
            if let Some(followed) = known.get(name).filter(same) {
                named.insert(name.clone(), followed.clone());
                continue;
            }
            let settings = definition.source.settings.clone();
            let followed = TrackedSource::new(name.clone(), settings, definition.bounds.clone(), &self.data, self.store.moment());
            if let Some(before) = known.get(name) {
                followed.continue_from(before);
            }
            let followed = Arc::new(followed);
            started.push(followed.clone());
            named.insert(name.clone(), followed);
        }
        named
    }
}
