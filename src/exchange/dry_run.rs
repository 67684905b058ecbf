//! A dry run: it is decided and recorded like any request, and issues nothing and uses nothing up.

use super::answer::{self, Released};
use super::context::{AuditContext, RECORD_DRY_RUN};
use crate::answers::{DryRun, Outcome};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::{Target, TreeFile};
use crate::policy::{Grant, Request};
use crate::words::{Denial, Reason};

/// Answers with what would be released. It does not try what only a release shows: what a provider answers, whether a value
/// opens, and whether the token was used before.
pub(super) async fn answer(
    app: &App,
    (grant, request): (&Grant, &Request),
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
) -> Result<Released, Denial> {
    check_there(live, request)?;
    let named = grant.granted().iter().zip(&request.credentials);
    let targets: Vec<Target> =
        named.map(|(granted, requested)| granted.terms.chosen().unwrap_or_else(|| requested.clone())).collect();
    targets.iter().try_for_each(|target| app.could_make(target))?;
    let revisions = live.revisions_of(grant.granted());
    let record = context.dry_run(identity, grant, &revisions);
    let receipt = app.traces.record(RECORD_DRY_RUN, context.decision()).ends(app.store.record_dry_run(record).await)?;
    let credentials = targets.iter().map(ToString::to_string).collect();
    let outcome = Outcome::DryRun(DryRun { credentials });
    let used = answer::used(context.decision(), &grant.policies(), &revisions, outcome);
    let written = answer::write(&used)?;
    app.metrics.tried();
    Ok(Released::new(used.into(), written, identity, receipt))
}

/// Refuses a document that no commit in force has: the most frequent fault of a first pipeline.
fn check_there(live: &Live, request: &Request) -> Result<(), Denial> {
    let documents = request.credentials.iter().filter_map(|target| match target.committed()?.current()? {
        TreeFile::Document(path) => Some(path),
        TreeFile::TransitKey(_) => None,
    });
    match documents.into_iter().find(|path| !live.has_document(path)) {
        None => Ok(()),
        Some(path) => {
            let message = format!("The secret is granted, but no commit in force has the file secrets/{path}.");
            Err(Reason::SecretMissing.with_cause(format!("{path} is not there")).with_detail(message))
        }
    }
}
