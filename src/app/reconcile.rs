//! Pull reconciliation: looks at Git, and puts a new commit in force. Nothing that a caller does gets here.

use super::{App, Live};
use crate::git::Source;
use crate::words::names::CommitId;
use serde_json::{Value, json};
use std::sync::Arc;

impl App {
    /// Looks once. Whatever goes wrong, the revision in force stays, and the log says why.
    pub(super) async fn reconcile(self: &Arc<Self>) {
        let app = self.clone();
        let looked = tokio::task::spawn_blocking(move || app.look()).await;
        match looked {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(next))) => self.put_in_force(next).await,
            Ok(Err(fault)) => {
                tracing::error!(%fault, "the policies' repository cannot be read; the last good revision stays in force")
            }
            Err(fault) => tracing::error!(%fault, "reading the policies' repository failed"),
        }
    }

    fn look(&self) -> Result<Option<Live>, String> {
        let source: &Source = &self.root.source;
        let current = self.live.load();
        let (head, in_force) = (source.head()?, current.revision().ok());
        if Some(&head) == in_force {
            return Ok(None);
        }
        if let Some(in_force) = in_force
            && !source.is_forward(in_force, &head)?
        {
            return Err(format!("{head} does not follow {in_force}: the history was rewritten"));
        }
        let snapshot = source.read_at(&head, current.files())?;
        Ok(Some(current.next(snapshot, &self.catalogue, &self.identities)))
    }

    /// Swaps it in, and records it with its faults.
    async fn put_in_force(&self, next: Live) {
        let faults: Vec<Value> = next.faults().map(|fault| json!({ "at": format!("{}:{}", fault.file, fault.place.line), "code": fault.code, "message": fault.message })).collect();
        let revision = next.revision().map(CommitId::to_string).unwrap_or_default();
        for fault in next.faults() {
            tracing::warn!(file = %fault.file, line = fault.place.line, message = %fault.message, "a file is faulty; its last good form stays in force");
        }
        self.metrics.faulty_files.set(i64::try_from(faults.len()).unwrap_or(i64::MAX));
        let policies = next.policies().map_or(0, |set| set.policies().len());
        self.live.store(Arc::new(next));
        tracing::info!(%revision, policies, "a revision is in force");
        if let Err(denial) =
            self.store.record("revision", json!({ "revision": revision, "policies": policies, "faults": faults })).await
        {
            tracing::error!(cause = %denial.cause, "the revision could not be recorded");
        }
    }
}
