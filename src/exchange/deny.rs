//! A denial that a policy permits, from the recorded grant to the recorded release. It only takes access away. Only an operator
//! lifts it, on the server's own machine.

use super::answer::Released;
use super::context::AuditContext;
use super::issuing;
use super::usage::{self, UseOutcome};
use crate::answers::Outcome;
use crate::app::{App, DeniedBy, Live};
use crate::identity::Identity;
use crate::policy::{DenyRequest, Grant};
use crate::store::{DenialRecord, Recorded, UseRecord};
use crate::token::{from_json, parse_json};
use crate::words::names::SourceName;
use crate::words::{Denial, Reason};
use std::fmt::Display;

/// Reads a body, each member once; the error holds no value of it.
pub(super) fn read(body: &[u8]) -> Result<DenyRequest, Denial> {
    let bad = |fault: &dyn Display| Reason::BadRequest.with_cause(fault).with_detail(format!("The request's body: {fault}."));
    let document = parse_json(body).map_err(|fault| bad(&fault))?;
    if !document.is_object() || !document["stop"].is_object() {
        return Err(bad(&"expected an object with an object `stop`"));
    }
    from_json(document).map_err(|fault| bad(&fault))
}

/// Answers with the denial, which is in force and recorded like a credential. It may deny the caller itself, so the second decision
/// comes before it.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
    request: DenyRequest,
) -> Result<Released, Denial> {
    let source = usage::source(grant.grant());
    let (granted, source) = issuing::decided_again(app, grant, identity, context, source).await?;
    match run(app, &source, context, request).await {
        Ok(outcome) => usage::release(app, granted, identity, live, context, outcome).await,
        Err(denial) => Err(issuing::failed(app, granted.into_inner(), context, denial).await),
    }
}

async fn run(app: &App, source: &SourceName, context: &AuditContext, request: DenyRequest) -> Result<UseOutcome, Denial> {
    let denied = app.deny(request, DeniedBy::Policy(source, context.decision())).await?;
    let record = DenialRecord { denies: denied.denies.clone(), id: denied.id.clone(), until: denied.until };
    Ok(UseOutcome { outcome: Outcome::Deny(denied), record: UseRecord::Denied(record), is_repeatable: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_could_be_read_in_two_ways_is_refused() {
        let stop = r#"{"repository":"acme/shop@1","reason":"INC-42"}"#;
        assert!(read(format!(r#"{{"stop":{stop}}}"#).as_bytes()).is_ok());
        assert!(read(format!(r#"{{"stop":{stop},"lasting":"4h","unknown_too":true}}"#).as_bytes()).is_ok());
        for bad in [
            String::new(),
            format!("[{stop}]"),
            r#"{"stop":["shop/deploy","acme/shop","github","7","INC"]}"#.to_owned(),
            format!(r#"{{"stop":{stop},"stop":{stop}}}"#),
            format!(r#"{{"stop":{stop},"for":"4h"}}"#),
            r#"{"stop":{"repository":"acme/shop@1"}}"#.to_owned(),
            r#"{"stop":{"owner":"acme","reason":"x"}}"#.to_owned(),
        ] {
            assert!(read(bad.as_bytes()).is_err_and(|denial| denial.reason == Reason::BadRequest), "{bad}");
        }
    }
}
