//! Opens a granted secret.

use super::live::{ActiveSource, Live};
use super::not_in_force::NoValue;
use crate::kind::SecretValue;
use crate::policy::{Granted, SecretTerms};
use crate::secrets::Plaintext;
use crate::store::Licence;
use crate::words::names::{CommitId, SecretName, SourceName};
use crate::words::{Denial, Reason};

impl Live {
    /// Opens a granted secret. A source's policies reach only its own files, and only its own identities open them.
    pub fn open_secret(&self, licence: &Licence<'_, SecretTerms>) -> Result<SecretValue, Denial> {
        let (granted, terms) = (licence.granted(), licence.terms());
        let (source, name) = (&granted.source, &terms.name);
        let (in_force, within) = self.owned(source, name)?;
        let revision = &in_force.revision;
        let commit =
            revision.commit_of_document(&within.path).cloned().ok_or_else(|| unreadable(name, "its source has no revision"))?;
        let open = || revision.open_secret(&within, terms, &in_force.followed.identities());
        let plaintext = self.opened.value(source, terms, open).map_err(|cause| not_given(name, &cause))?;
        Ok(secret_value(granted, terms, &plaintext, commit))
    }

    /// The source that grants a secret, and the secret's name within it.
    pub(super) fn owned(&self, source: &SourceName, name: &SecretName) -> Result<(&ActiveSource, SecretName), Denial> {
        let in_force = self.source(source).ok_or_else(|| unreadable(name, "its source is not in force"))?;
        let within = if source.is_root() { Some(name.clone()) } else { name.below(source) };
        let within = within.ok_or_else(|| unreadable(name, format!("it does not belong to the source {source}")))?;
        Ok((in_force, within))
    }
}

/// The answer with an opened value.
pub(super) fn secret_value(granted: &Granted, terms: &SecretTerms, plaintext: &Plaintext, commit: CommitId) -> SecretValue {
    let (encoding, value) = SecretValue::written(&plaintext.value);
    SecretValue {
        commit,
        encoding,
        expires_at: granted.expires,
        name: terms.name.clone(),
        offline_seconds: terms.offline.as_secs(),
        only: terms.only.clone(),
        unauthenticated: plaintext.unauthenticated,
        value,
    }
}

/// The denial for a value that is not given. The caller learns what the file lacks, because the caller may read everything granted in it.
fn not_given(name: &SecretName, cause: &NoValue) -> Denial {
    if cause.is_missing() {
        let message = format!("The secret is granted, but {cause}.");
        return Reason::SecretMissing.with_cause(format!("{name}: {cause}")).with_detail(message);
    }
    unreadable(name, cause)
}

pub(super) fn unreadable(name: &SecretName, cause: impl std::fmt::Display) -> Denial {
    Reason::SecretUnreadable.with_cause(format!("{name}: {cause}"))
}
