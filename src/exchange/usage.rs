//! A use of daypass itself, from its outcome to its recorded release.

use super::answer::{self, Released};
use super::context::{AuditContext, RECORD_RELEASE};
use super::issuing;
use crate::answers::{Answer, Outcome};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::policy::Grant;
use crate::store::{Recorded, StillGranted, UseRecord};
use crate::words::names::SourceName;
use crate::words::{Denial, Reason};

/// The outcome of a use, and its record.
pub(super) struct UseOutcome {
    /// What is answered.
    pub(super) outcome: Outcome,
    /// What the audit record says of it.
    pub(super) record: UseRecord,
    /// Whether a retry gets the same answer. Answers that depend on a body are never repeated: the replay key does not cover the
    /// body.
    pub(super) is_repeatable: bool,
}

/// The source whose policy granted the use. A grant of nothing has none: it must not act for the root source.
pub(super) fn source(grant: &Grant) -> Result<SourceName, Denial> {
    let granted = grant.granted().first().map(|granted| granted.source.clone());
    granted.ok_or_else(|| Reason::Internal.with_cause("a use by a grant of nothing"))
}

/// Answers with the outcome, if the use is still granted. The record of the release or the failure is durable before anything leaves.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
    outcome: Result<UseOutcome, Denial>,
) -> Result<Released, Denial> {
    let (granted, outcome) = issuing::decided_again(app, grant, identity, context, outcome).await?;
    release(app, granted, identity, live, context, outcome).await
}

/// Answers with the outcome of a use that was decided on again.
pub(super) async fn release(
    app: &App,
    granted: StillGranted<Recorded<Grant>>,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
    UseOutcome { outcome, record: used_here, is_repeatable }: UseOutcome,
) -> Result<Released, Denial> {
    let grant = granted.grant();
    let granting = grant.granting();
    let kinds: Vec<&str> = grant.granted().iter().map(|granted| granted.terms.kind()).collect();
    let revisions = live.revisions_of(grant.granted());
    let used = answer::used(context.decision(), &grant.policies(), &revisions, outcome);
    let written = answer::write(&used)?;
    let sealed = if is_repeatable { app.store.seal(&written, identity.secret_part())? } else { Vec::new() };
    let mut record = Box::new(context.record_of(grant));
    record.add_use(used_here);
    let receipt = app.traces.record(RECORD_RELEASE, context.decision()).ends(app.store.release(granted, sealed, record).await)?;
    app.metrics.released(kinds);
    app.metrics.decided(&granting, None);
    Ok(Released::new(Answer::Used(used), written, identity, receipt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_of_nothing_acts_for_no_source() {
        assert_eq!(source(&Grant::of_nothing()).unwrap_err().reason, Reason::Internal);
    }
}
