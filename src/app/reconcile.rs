//! Pull reconciliation: looks at Git, and puts a new commit in force. Nothing that a caller does gets here.

use super::{App, Live};
use crate::git::Source;
use crate::policy::Widening;
use crate::store::Marks;
use crate::words::names::CommitId;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The root source's name, where sources are told apart.
const ROOT: &str = "root";

impl App {
    /// Looks once. Whatever goes wrong, the revision in force stays, and the log says why.
    pub(super) async fn reconcile(self: &Arc<Self>) {
        let looked = match self.store.marks(ROOT).await {
            Ok(marks) => {
                let app = self.clone();
                tokio::task::spawn_blocking(move || app.look(&marks)).await.unwrap_or_else(|fault| Err(fault.to_string()))
            }
            Err(denial) => Err(denial.cause),
        };
        match looked {
            Ok(None) => self.alarm.store(None),
            Ok(Some((next, alarm))) => {
                self.put_in_force(next).await;
                self.alarm.store(alarm.map(Arc::new));
            }
            Err(fault) => {
                tracing::error!(%fault, "the policies' repository is not followed; the last good revision stays in force");
                self.alarm.store(Some(Arc::new(fault)));
            }
        }
    }

    /// What to put in force, if anything is new; with an alarm when it is not what the ref says.
    fn look(&self, marks: &Marks) -> Result<Option<(Live, Option<String>)>, String> {
        let source: &Source = &self.root.source;
        let current = self.live.load();
        let head = source.head()?;
        self.looked_at.store(self.now().millis(), Ordering::Relaxed);
        let confirmed = self.confirmed.load().as_deref() == Some(&head);
        if Some(&head) == current.revision().ok() && (current.held().is_empty() || !confirmed) {
            return Ok(None);
        }
        let followed = self.check_history(source, marks.highest.as_ref(), &head);
        let revision = match (&followed, &marks.highest) {
            (Ok(()), _) => &head,
            // After a restart the highest commit is still there to be read, whatever the ref now says.
            (Err(_), Some(highest)) if current.revision().is_err() => highest,
            (Err(fault), _) => return Err(fault.clone()),
        };
        let widening = if confirmed { Widening::GoesLive } else { self.root.widening };
        let before = self.before(source, &current, marks, widening)?;
        let before = before.as_ref().unwrap_or(&current);
        let snapshot = source.read_at(revision, before.files())?;
        let next = before.next(snapshot, &self.catalogue, &self.identities, widening);
        if let Err(fault) = &followed {
            tracing::error!(%fault, %revision, "the highest commit that was seen is in force again");
        }
        Ok(Some((next, followed.err())))
    }

    /// What was wholly in force before a restart: what widens is measured against it, and goes on waiting.
    fn before(&self, source: &Source, current: &Live, marks: &Marks, widening: Widening) -> Result<Option<Live>, String> {
        match &marks.whole {
            Some(whole) if widening == Widening::Waits && current.revision().is_err() => {
                let snapshot = source.read_at(whole, current.files())?;
                Ok(Some(current.next(snapshot, &self.catalogue, &self.identities, Widening::GoesLive)))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// History only goes forward, from the highest commit that was ever in force or from the anchor of the first start.
    fn check_history(&self, source: &Source, highest: Option<&CommitId>, head: &CommitId) -> Result<(), String> {
        if self.accepted.load().as_deref() == Some(head) {
            return Ok(());
        }
        let Some(anchor) = highest.or(self.root.since.as_ref()) else { return Ok(()) };
        if source.is_forward(anchor, head)? {
            return Ok(());
        }
        Err(format!(
            "{head} does not follow {anchor}: the history was rewritten; `daypass accept {head}` follows it all the same"
        ))
    }

    /// Swaps it in, and records it with its faults.
    async fn put_in_force(&self, next: Live) {
        let faults: Vec<Value> = next.faults().map(|fault| json!({ "at": format!("{}:{}", fault.file, fault.place.line), "code": fault.code, "message": fault.message })).collect();
        let Ok(revision) = next.revision().cloned() else { return };
        for fault in next.faults() {
            tracing::warn!(file = %fault.file, line = fault.place.line, message = %fault.message, "a file is faulty; its last good form stays in force");
        }
        self.metrics.faulty_files.set(i64::try_from(faults.len()).unwrap_or(i64::MAX));
        let policies = next.policies().map_or(0, |set| set.policies().len());
        let held = next.held().to_vec();
        self.live.store(Arc::new(next));
        self.accepted.store(None);
        self.confirmed.store(None);
        tracing::info!(%revision, policies, "a revision is in force");
        if !held.is_empty() {
            tracing::warn!(%revision, ?held, "these files let somebody in and wait: `daypass confirm` the revision");
        }
        let body = json!({ "revision": revision, "policies": policies, "faults": faults, "held": held });
        if let Err(denial) = self.store.record_revision(ROOT, &revision, held.is_empty(), body).await {
            tracing::error!(cause = %denial.cause, "the revision could not be recorded");
        }
    }
}
