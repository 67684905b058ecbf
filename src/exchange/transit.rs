//! An operation by a transit key, from the recorded grant to the recorded release. The key is opened for this operation alone.

use super::answer::Released;
use super::story::Story;
use super::usage::{self, Done};
use crate::answers::{Outcome, Plaintext, TransitResult};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::Operation;
use crate::policy::Grant;
use crate::secrets::Ciphertext;
use crate::store::{Licensed, Recorded};
use crate::words::{Denial, Digest, Reason, Secret};
use serde_json::json;

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

/// Answers with the result. A retry within a minute gets the same answer.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Live,
    story: &Story,
    input: Input,
) -> Result<Released, Denial> {
    let done = run(live, &grant, &input);
    let released = usage::answer(app, grant, identity, live, story, done).await?;
    app.metrics.used_transit_key();
    Ok(released)
}

fn run(live: &Live, grant: &Recorded<Grant>, input: &Input) -> Result<Done, Denial> {
    let Some(Licensed::Transit(licence)) = grant.licences().next() else {
        return Err(Reason::Internal.because("a grant of no transit key"));
    };
    let wanted = licence.terms();
    let open = |version| live.open_transit_key(&licence, version);
    let (result, ciphertext) = match input {
        Input::Encrypt(plaintext) => {
            let (version, key) = open(None)?;
            let ciphertext = key.encrypt(plaintext).map_err(|cause| Reason::Internal.because(cause))?;
            let digest = Digest::plain(ciphertext.as_bytes());
            (TransitResult { ciphertext: Some(ciphertext), key_version: version, plaintext: None }, digest)
        }
        Input::Decrypt(ciphertext, text) => {
            let (version, key) = open(Some(ciphertext.version))?;
            let refused = |cause: String| Reason::BadRequest.because(cause.clone()).saying(format!("The ciphertext: {cause}."));
            let plaintext = key.decrypt(ciphertext).map_err(|fault| refused(fault.to_string()))?;
            let plaintext = Some(Plaintext(plaintext));
            (TransitResult { ciphertext: None, key_version: version, plaintext }, Digest::plain(text.as_bytes()))
        }
    };
    let record = json!({
        "operation": wanted.operation.as_str(), "key": wanted.key, "version": result.key_version, "ciphertext_sha256": ciphertext.to_string(),
    });
    Ok(Done { outcome: Outcome::Transit(result), record: ("transit", record), is_repeatable: true })
}
