//! The state of a source's encrypted files as a policy permits it, from the recorded grant to the recorded release.

use super::answer::Released;
use super::context::AuditContext;
use super::usage::{self, UseOutcome};
use crate::answers::Outcome;
use crate::app::{App, FilesAsked, Live};
use crate::identity::Identity;
use crate::policy::Grant;
use crate::store::{Recorded, SecretStatusRecord, UseRecord};
use crate::words::names::SourceName;
use crate::words::{Denial, Reason};
use std::sync::Arc;
use std::time::Duration;

/// A reader waits this long for the one before it.
const TURN_MAX: Duration = Duration::from_secs(5);

/// Answers with a page of the files of the policy's own source.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Arc<Live>,
    context: &AuditContext,
    requested: FilesAsked,
) -> Result<Released, Denial> {
    let outcome = match usage::source(grant.grant()) {
        Ok(source) => run(app, live.clone(), source, requested).await,
        Err(denial) => Err(denial),
    };
    usage::answer(app, grant, identity, live, context, outcome).await
}

/// One at a time, so that reads leave the server's processors to exchanges.
async fn run(app: &App, live: Arc<Live>, source: SourceName, requested: FilesAsked) -> Result<UseOutcome, Denial> {
    let turn = app.status_readings.acquire(&source, TURN_MAX).await;
    let _turn = turn.map_err(|_| Reason::Overloaded.with_cause("somebody else asks how the secrets stand"))?;
    let now = app.now();
    let status = tokio::task::spawn_blocking(move || live.secret_status(&source, &requested, now)).await;
    let status = status.map_err(|fault| Reason::Internal.with_cause(fault.to_string()))??;
    let (commit, source) = (status.commit.clone(), status.source.clone());
    let record = UseRecord::SecretStatus(SecretStatusRecord { commit, files: status.files.len(), source });
    Ok(UseOutcome { outcome: Outcome::SecretStatus(status), record, is_repeatable: false })
}
