//! An operation by a transit key, from the request to the recorded release. The key is opened for this operation alone. And the
//! versions that a key has.

use super::TokenKind;
use super::answer::{RecordedRefusal, Released};
use super::context::{AuditContext, RequestContext};
use super::list::{Lister, look};
use super::usage::{self, UseOutcome};
use crate::answers::{Outcome, Plaintext, TransitResult};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::{Operation, TransitUse};
use crate::policy::{Grant, Request};
use crate::secrets::Ciphertext;
use crate::store::{Licensed, Recorded, TransitRecord, UseRecord};
use crate::words::names::{PolicyName, SourceName, TransitKey};
use crate::words::{Denial, Digest, Reason, Secret};

/// Separates the digest of a plaintext from any other digest.
const PURPOSE: &[u8] = b"daypass transit plaintext v1";

/// The input of an operation.
pub enum Input {
    /// A plaintext.
    Encrypt(Secret),
    /// A ciphertext, and the text that it was read from.
    Decrypt(Ciphertext, String),
}

impl Input {
    /// Which operation.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Encrypt(_) => Operation::Encrypt,
            Self::Decrypt(..) => Operation::Decrypt,
        }
    }

    /// What identifies the input for the replay check and in the audit log. A ciphertext's digest is plain, so that it can be
    /// found there. A plaintext's is keyed by the caller's token, so that a reader of the log cannot try plaintexts.
    pub(super) fn digest(&self, token: &Secret) -> Digest {
        match self {
            Self::Encrypt(plaintext) => Digest::of(&[PURPOSE, token.expose(), plaintext.expose()]),
            Self::Decrypt(_, text) => Digest::plain(text.as_bytes()),
        }
    }
}

/// The request for this operation. `token` is the caller's: the input's digest depends on it.
pub(super) fn request(key: TransitKey, input: &Input, token: &Secret, policy: Option<PolicyName>) -> Request {
    let wanted = TransitUse { operation: input.operation(), key, input: Some(input.digest(token)) };
    Request::one(wanted.into(), policy)
}

/// The versions of a transit key, and its source, for an identity that may use the key. Nothing is used up.
pub async fn transit_versions(
    app: &App,
    call: RequestContext,
    shown: TokenKind,
    policy: Option<PolicyName>,
    key: &TransitKey,
) -> Result<(SourceName, Vec<u32>), RecordedRefusal> {
    look(app, call, shown, policy, |looker| looker.transit_versions(key)).await
}

impl Lister<'_> {
    fn transit_versions(&self, key: &TransitKey) -> Result<(SourceName, Vec<u32>), Denial> {
        let of = |operation| TransitUse { operation, key: key.clone(), input: None }.into();
        let grant = self.may(of(Operation::Encrypt)).or_else(|_| self.may(of(Operation::Decrypt)))?;
        let granted = grant.granted().first().ok_or_else(|| Reason::Internal.with_cause("a grant of no transit key"))?;
        Ok((granted.source.clone(), self.live.transit_versions(&granted.source, key)?))
    }
}

/// Answers with the result. A retry within a minute gets the same answer.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
    input: Input,
) -> Result<Released, Denial> {
    let outcome = run(live, &grant, &input);
    usage::answer(app, grant, identity, live, context, outcome).await
}

fn run(live: &Live, grant: &Recorded<Grant>, input: &Input) -> Result<UseOutcome, Denial> {
    let Some(Licensed::Transit(licence)) = grant.licences().next() else {
        return Err(Reason::Internal.with_cause("a grant of no transit key"));
    };
    let terms = licence.terms();
    let open = |version| live.open_transit_key(&licence, version);
    let (result, ciphertext) = match input {
        Input::Encrypt(plaintext) => {
            let (version, key) = open(None)?;
            let ciphertext = key.encrypt(plaintext).map_err(|cause| Reason::Internal.with_cause(cause))?;
            let digest = Digest::plain(ciphertext.as_bytes());
            (TransitResult { ciphertext: Some(ciphertext), key_version: version, plaintext: None }, digest)
        }
        Input::Decrypt(ciphertext, text) => {
            let (version, key) = open(Some(ciphertext.version))?;
            let refused =
                |cause: String| Reason::BadRequest.with_cause(cause.clone()).with_detail(format!("The ciphertext: {cause}."));
            let plaintext = key.decrypt(ciphertext).map_err(|fault| refused(fault.to_string()))?;
            let plaintext = Some(Plaintext(plaintext));
            (TransitResult { ciphertext: None, key_version: version, plaintext }, Digest::plain(text.as_bytes()))
        }
    };
    let record = UseRecord::Transit(TransitRecord {
        ciphertext_sha256: ciphertext,
        key: terms.key.clone(),
        operation: terms.operation.as_str().into(),
        version: result.key_version,
    });
    Ok(UseOutcome { outcome: Outcome::Transit(result), record, is_repeatable: true })
}
