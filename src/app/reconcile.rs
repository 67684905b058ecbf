//! Pull reconciliation: looks at Git, and puts a new commit in force. Nothing that a caller does gets here.

use super::{App, Live};
use crate::git::Source;
use crate::words::names::CommitId;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The root source's name, where sources are told apart.
const ROOT: &str = "root";

impl App {
    /// Looks once. Whatever goes wrong, the revision in force stays, and the log says why.
    pub(super) async fn reconcile(self: &Arc<Self>) {
        let looked = match self.store.high_water(ROOT).await {
            Ok(highest) => {
                let app = self.clone();
                tokio::task::spawn_blocking(move || app.look(highest)).await.unwrap_or_else(|fault| Err(fault.to_string()))
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
    fn look(&self, highest: Option<CommitId>) -> Result<Option<(Live, Option<String>)>, String> {
        let source: &Source = &self.root.source;
        let current = self.live.load();
        let head = source.head()?;
        self.looked_at.store(self.now().millis(), Ordering::Relaxed);
        if Some(&head) == current.revision().ok() {
            return Ok(None);
        }
        let followed = self.check_history(source, highest.as_ref(), &head);
        let revision = match (&followed, &highest) {
            (Ok(()), _) => &head,
            // After a restart the highest commit is still there to be read, whatever the ref now says.
            (Err(_), Some(highest)) if current.revision().is_err() => highest,
            (Err(fault), _) => return Err(fault.clone()),
        };
        let snapshot = source.read_at(revision, current.files())?;
        let next = current.next(snapshot, &self.catalogue, &self.identities);
        if let Err(fault) = &followed {
            tracing::error!(%fault, %revision, "the highest commit that was seen is in force again");
        }
        Ok(Some((next, followed.err())))
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
        self.live.store(Arc::new(next));
        self.accepted.store(None);
        tracing::info!(%revision, policies, "a revision is in force");
        let body = json!({ "revision": revision, "policies": policies, "faults": faults });
        if let Err(denial) = self.store.record_revision(ROOT, &revision, body).await {
            tracing::error!(cause = %denial.cause, "the revision could not be recorded");
        }
    }
}
