//! Pull reconciliation: reads Git, and puts a new commit in force. No caller's input reaches this module.

use super::App;
use super::error::{FollowError, LOOK_QUIET_MAX, UnreadForm};
use super::origins::placed;
use super::revision::{ReadContext, Recorded, Revision};
use super::tracked_source::TrackedSource;
use crate::answers::{FileFault, ListedFaults, listed_files};
use crate::policy::Widening;
use crate::secrets::Identities;
use crate::store::{FormatVersion, HighWaterMarks, RevisionRecord, WrappedKey};
use crate::words::WidenedFile;
use crate::words::names::CommitId;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinHandle};

/// The result of reading a source.
pub(super) struct PollResult {
    /// A revision to put in force.
    next: Revision,
    /// A fault that the revision has nevertheless.
    alarm: Option<FollowError>,
    /// The wrapped keys to record.
    keys: Vec<WrappedKey>,
    /// Whether it is the commit that is confirmed, all of which goes live.
    is_confirmed: bool,
}

impl PollResult {
    /// Whether it is the commit that is confirmed, all of which goes live.
    pub(super) const fn is_confirmed(&self) -> bool {
        self.is_confirmed
    }
}

impl App {
    /// Fetches a remote source, and reads it once. If anything goes wrong, the revision in force stays, and the log says why.
    pub(super) async fn reconcile(self: &Arc<Self>, source: &Arc<TrackedSource>) {
        let _turn = source.turn.lock().await;
        match self.fetch(source).await {
            Ok(()) => self.poll_and_activate(source).await,
            Err(fault) => self.raise_alarm(source, &fault),
        }
    }

    /// Fetches a remote source. The caller has the source's turn.
    pub(super) async fn fetch(&self, source: &TrackedSource) -> Result<(), FollowError> {
        crate::git::fetch(&source.settings.origin, &source.mirror).await?;
        source.source().head()?;
        source.was_read(self.store.moment());
        Ok(())
    }

    /// The same without a fetch, from an existing mirror: right after a start.
    pub(super) async fn recover(self: &Arc<Self>, source: &Arc<TrackedSource>) {
        let _turn = source.turn.lock().await;
        if source.looked_at().is_some() {
            self.poll_and_activate(source).await;
        }
    }

    async fn poll_and_activate(self: &Arc<Self>, source: &Arc<TrackedSource>) {
        let outcome = match self.look(source, None).await {
            Ok(looked) => self.activate_polled(source, looked).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = outcome {
            self.raise_alarm(source, &fault);
        }
    }

    /// Reads the ref's commit, if anything of it is new, all of which goes live if it is the confirmed one. A second fault is one
    /// with which it is followed nevertheless. The caller has the source's turn.
    pub(super) async fn look(
        self: &Arc<Self>,
        source: &Arc<TrackedSource>,
        confirmed: Option<CommitId>,
    ) -> Result<(Option<PollResult>, Option<FollowError>), FollowError> {
        let unread = match source.read_identities().await {
            Some(fault) if source.identities().is_empty() => return Err(fault.into()),
            unread => unread.map(FollowError::Identities),
        };
        let marks = self.store.marks(source.name.as_str()).await?;
        let (app, looked_at) = (self.clone(), source.clone());
        let look = tokio::task::spawn_blocking(move || app.poll(&looked_at, &marks, confirmed.as_ref()));
        let slow = || self.raise_alarm(source, &FollowError::Slow);
        Ok((warn_when_slow(look, LOOK_QUIET_MAX, slow).await??, unread))
    }

    /// Puts in force what was read, if anything was new.
    pub(super) async fn activate_polled(
        self: &Arc<Self>,
        source: &Arc<TrackedSource>,
        (polled, unread): (Option<PollResult>, Option<FollowError>),
    ) -> Result<(), FollowError> {
        let mut alarm = unread;
        if let Some(polled) = polled {
            self.activate(source, polled.next, polled.keys).await?;
            source.was_checked();
            alarm = polled.alarm.or(alarm);
        }
        source.alarm.store(alarm.map(|fault| Arc::new(fault.to_string())));
        Ok(())
    }

    /// Reads what to put in force, if anything is new, with an alarm if it is not the ref's commit.
    fn poll(
        &self,
        source: &TrackedSource,
        marks: &HighWaterMarks,
        confirmed: Option<&CommitId>,
    ) -> Result<Option<PollResult>, FollowError> {
        let repository = source.source();
        let live = self.live.load();
        let known = live.source(&source.name);
        let fresh = Arc::new(Revision::default());
        let current = known.map_or(&fresh, |known| &known.revision);
        let head = repository.head()?;
        let confirmed = confirmed == Some(&head);
        let as_before = known.is_some_and(|known| std::ptr::eq(&*known.followed, source));
        if Some(&head) == current.commit.as_ref()
            && as_before
            && !source.is_rekeyed()
            && (current.pending.is_empty() || !confirmed)
        {
            return Ok(None);
        }
        let followed = self.check_commit(source, current, marks, &head);
        let commit = match (&followed, &marks.highest) {
            (Ok(_), _) => &head,
            // After a restart the highest commit can still be read, wherever the ref points now.
            (Err(_), Some(highest)) if current.commit.is_none() => highest,
            (Err(_), _) => return followed.map(|_| None),
        };
        let rails_faulty = live.sources().any(|(name, root)| name.is_root() && root.revision.ruleset.has_faulty_guardrails());
        let waits = !source.name.is_root() && rails_faulty;
        let is_confirmed = confirmed && !waits;
        let widening = if is_confirmed {
            Widening::GoesLive
        } else if waits {
            Widening::Waits
        } else {
            self.widening
        };
        let before = self.before_restart(source, current, marks, &head)?;
        let before = before.as_ref().unwrap_or(current);
        let snapshot = repository.read_at(commit, before.snapshot())?;
        let identities = source.identities();
        let mut keys = self.search(source, commit, marks)?;
        let widened = if before.holds(widening) { self.widened(source, before, &snapshot, &keys)? } else { Vec::new() };
        let mut next = before.next(snapshot, &self.reading(source, &identities, widening, &widened));
        let nothing = Revision::default();
        let is_recorded = !source.is_unrecorded() && marks.searched == marks.highest;
        keys.extend(placed(if is_recorded { before } else { &nothing }, &next));
        if let Err(fault) = &followed {
            tracing::error!(source = %source.name, %fault, %commit, "the highest commit that was seen is in force again");
        }
        next.signer = followed.as_ref().ok().cloned().flatten();
        next.repository = Some(source.settings.origin.address.to_string());
        if source.name.is_root() && next.sources.is_empty() {
            // The set that decides is built here, not in the first exchange.
            next.ruleset.set();
        }
        Ok(Some(PollResult { next, alarm: followed.err(), keys, is_confirmed }))
    }

    fn reading<'a>(
        &'a self,
        source: &'a TrackedSource,
        identities: &'a Identities,
        widening: Widening,
        widened: &'a [WidenedFile],
    ) -> ReadContext<'a> {
        ReadContext {
            catalogue: &self.catalogue,
            identities,
            rekeyed: source.is_rekeyed(),
            widening,
            widened,
            bounds: (!source.name.is_root()).then(|| source.bounds()),
            files: &self.source_files,
        }
    }

    /// What was in force before a restart, file by file: widening is measured against it, and a faulty file keeps its form from
    /// it. If it cannot be read, only a commit that an operator accepts goes live, and then all of it, as on the first start.
    fn before_restart(
        &self,
        source: &TrackedSource,
        current: &Revision,
        marks: &HighWaterMarks,
        head: &CommitId,
    ) -> Result<Option<Revision>, FollowError> {
        if current.commit.is_some() || marks.is_empty() {
            return Ok(None);
        }
        let read = |(commit, forms)| {
            let recorded = Recorded::read(&source.source(), commit, forms)?;
            recorded.revision(&self.reading(source, &source.identities(), Widening::GoesLive, &[]))
        };
        match marks.highest.as_ref().zip(marks.forms.as_ref()).ok_or(UnreadForm::NotNoted).and_then(read) {
            Ok(before) => Ok(Some(before)),
            Err(_) if source.accepted.load().as_deref() == Some(head) => Ok(None),
            Err(why) => {
                let mirror = source.is_remote().then(|| source.mirror.clone());
                Err(FollowError::Forgotten { head: head.clone(), source_name: source.name.clone(), mirror, why: why.into() })
            }
        }
    }

    /// Checks that the commit follows the highest one that was ever in force, or the anchor of the first start, and that a listed
    /// signer signed it if signers are named. Returns who signed.
    fn check_commit(
        &self,
        source: &TrackedSource,
        current: &Revision,
        marks: &HighWaterMarks,
        head: &CommitId,
    ) -> Result<Option<String>, FollowError> {
        let (repository, highest) = (source.source(), marks.highest.as_ref());
        if source.accepted.load().as_deref() == Some(head) {
            return Ok(None);
        }
        let anchor = highest.or(source.settings.since.as_ref());
        if let Some(anchor) = anchor
            && anchor != head
            && !repository.is_forward(anchor, head)?
        {
            let (is_there, anchor, head) = (repository.has(anchor)?, anchor.clone(), head.clone());
            if !is_there {
                return Err(FollowError::NoAnchor { anchor, head });
            }
            return Err(FollowError::Rewritten { anchor, head, source_name: source.name.clone() });
        }
        let Some(signers) = &source.settings.signers else { return Ok(None) };
        if anchor == Some(head) && highest.is_some() {
            return Ok(current.signer.clone());
        }
        let anchor = anchor.filter(|anchor| *anchor != head);
        Ok(Some(repository.signer(head, anchor, signers, self.now())?))
    }

    /// Puts the revision in force, and records it with its faults.
    async fn activate(
        self: &Arc<Self>,
        source: &Arc<TrackedSource>,
        next: Revision,
        keys: Vec<WrappedKey>,
    ) -> Result<(), JoinError> {
        let Some(commit) = next.commit.clone() else { return Ok(()) };
        let listed = ListedFaults::of(next.faults());
        for fault in &listed.faults {
            tracing::warn!(source = %source.name, file = %fault.file, line = fault.place.line, fault = %fault.message, "{}", next.of_faulty(fault.file.exact()));
        }
        let faults_left_out = listed.left_out.if_any();
        if let Some(left_out) = faults_left_out {
            tracing::warn!(source = %source.name, %commit, "{left_out}");
        }
        let faults: Vec<FileFault> = listed.faults.into_iter().map(FileFault::from).collect();
        let (pending, held_left_out) = listed_files(&next.pending);
        let (pending, signer, forms) = (pending.to_vec(), next.signer.clone(), next.forms().clone());
        let Some(policies) = self.swap_in(source, next).await? else { return Ok(()) };
        source.accepted.store(None);
        tracing::info!(source = %source.name, %commit, policies, signer, "a revision is in force");
        for waits in &pending {
            tracing::warn!(source = %source.name, %commit, file = waits.file, why = waits.why, "a file waits: `daypass confirm` the revision");
        }
        if let Some(more) = held_left_out {
            tracing::warn!(source = %source.name, %commit, "and {more} more wait");
        }
        let record = RevisionRecord {
            source: source.name.clone(),
            revision: commit.clone(),
            signer,
            policies,
            faults,
            faults_left_out,
            held: pending,
            held_left_out,
            sources: source.recorded_repository(),
            v: FormatVersion,
        };
        let recorded = self.store.record_revision(source.name.as_str(), &commit, &forms, keys, record).await;
        source.note_recorded(recorded.is_ok());
        if let Err(denial) = recorded {
            tracing::error!(cause = %denial.cause, "the revision is in force, but not recorded yet; nothing is granted until it is recorded");
        }
        Ok(())
    }

    /// Raises an alarm. The repository may be read every second, so the log gets the alarm once, while `status` and the metrics
    /// show it all the time.
    pub(super) fn raise_alarm(&self, source: &TrackedSource, fault: &FollowError) {
        // A stopping server interrupts its readings, which is no reason for an alarm.
        if self.draining.is_cancelled() {
            return;
        }
        let message = fault.to_string();
        if source.alarm.load().as_deref() == Some(&message) {
            return;
        }
        let in_force = self.live.load().source(&source.name).and_then(|known| known.revision.commit.clone());
        match in_force {
            Some(commit) => {
                tracing::error!(source = %source.name, %fault, %commit, "the repository is not followed; the last good revision stays in force");
            }
            None => {
                tracing::error!(source = %source.name, %fault, "the repository is not followed, and nothing of it is in force")
            }
        }
        source.alarm.store(Some(Arc::new(message)));
    }
}

/// Waits for a reading. While it takes very long, revoked grants stay in force, so an alarm is raised.
async fn warn_when_slow<T>(mut look: JoinHandle<T>, quiet: Duration, slow: impl FnOnce()) -> Result<T, JoinError> {
    match tokio::time::timeout(quiet, &mut look).await {
        Ok(looked) => looked,
        Err(_) => {
            slow();
            look.await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_slow_reading_raises_an_alarm_and_is_waited_for() {
        let (end, ended) = oneshot::channel();
        let look = tokio::spawn(ended);
        // Only the alarm ends the reading.
        let slow = || end.send("read").unwrap();
        assert_eq!(warn_when_slow(look, Duration::ZERO, slow).await.unwrap(), Ok("read"));
        let look = tokio::spawn(async { "read" });
        assert_eq!(warn_when_slow(look, Duration::MAX, || panic!("it was not slow")).await.unwrap(), "read");
    }
}
