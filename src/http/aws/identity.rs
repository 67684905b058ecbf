//! GetCallerIdentity for AWS sessions that daypass released: clients ask it of the STS that gave them their keys.
//!
//! The session token alone identifies its holder, and the request's signature is not checked. The answer (account and ARN) opens
//! nothing, and the holder of the token got it with the keys already.

use super::AwsCaller;
use super::errors::{AwsError, Fault};
use super::form::Form;
use super::xml::Xml;
use crate::app::App;
use crate::store::AwsSession;
use crate::words::names::DecisionId;
use crate::words::{Denial, Digest, Reason, Secret};
use axum::http::{HeaderMap, HeaderValue};

/// Where SDKs put the session token, as a header or as a parameter.
const TOKEN: &str = "X-Amz-Security-Token";

/// The session token, if there is one.
pub(super) fn read(mut form: Form, headers: &HeaderMap) -> Result<Option<Secret>, Fault> {
    let header = headers.get(TOKEN).map(HeaderValue::as_bytes).map(|bytes| Secret::new(bytes.to_vec()));
    let token = header.or(form.take(TOKEN));
    form.finish().map_err(|fault| Fault::of("InvalidQueryParameter", fault.to_string()))?;
    Ok(token)
}

/// Who holds the session. It uses nothing up, and releases nothing.
pub(super) async fn answer(app: &App, caller: AwsCaller, token: Option<Secret>) -> Result<(String, String), AwsError> {
    match find(app, token).await {
        Ok((decision, session)) => Ok((document(&decision, &session), decision.to_string())),
        Err(denial) => Err(AwsError::of(&caller.refuse(app, denial).await)),
    }
}

async fn find(app: &App, token: Option<Secret>) -> Result<(DecisionId, AwsSession), Denial> {
    let token = token.ok_or_else(|| Reason::CredentialUnknown.with_cause("no session token"))?;
    let found = app.store.aws_session(Digest::plain(token.expose())).await?;
    found.ok_or_else(|| Reason::CredentialUnknown.with_cause("no session of this token was released here, or it has ended"))
}

fn document(decision: &DecisionId, session: &AwsSession) -> String {
    let account = session.arn.split(':').nth(4).unwrap_or_default();
    Xml::document("GetCallerIdentityResponse", |xml| {
        xml.element("GetCallerIdentityResult", |xml| {
            xml.text("Arn", &session.arn);
            xml.text("UserId", &session.id);
            xml.text("Account", account);
        });
        xml.metadata(decision.as_str());
    })
}
