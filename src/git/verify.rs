//! Verifies who signed a commit: SSH keys of `allowed_signers`, and OpenPGP keys of their own files. Validity is checked at the present
//! time.
//!
//! A forge signs the commits of its merge button with its own OpenPGP key. Trusting that key means trusting the forge's branch
//! protection.

mod allowed_signers;
mod error;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod openpgp;
mod ssh;

pub use error::{SignersError, VerifyError};

use super::source::{Source, object_id, objects};
use crate::words::UnixTime;
use crate::words::names::CommitId;
use allowed_signers::AllowedSigner;
use allowed_signers::NAMESPACE;
use error::SignatureError;
use error::{COMMITS_MAX, REF_TRAILER};
use gix::bstr::ByteSlice;
use openpgp::OpenPgpKey;

/// The signers whose commits may become active.
#[derive(Clone, Debug, Default)]
pub struct Signers {
    ssh: Vec<AllowedSigner>,
    openpgp: Vec<OpenPgpKey>,
    /// The ref that a head has to name in its trailer, if that is required.
    bound_to: Option<String>,
}

impl Signers {
    /// Adds an `allowed_signers` file (ssh-keygen(1)). The error names the line.
    pub fn allow_ssh(&mut self, file: &str) -> Result<(), SignersError> {
        self.ssh.extend(allowed_signers::parse(file)?);
        Ok(())
    }

    /// Adds OpenPGP public keys, armored or binary (RFC 9580, section 10.1).
    pub fn allow_openpgp(&mut self, bytes: &[u8]) -> Result<(), SignersError> {
        self.openpgp.extend(openpgp::parse(bytes)?);
        Ok(())
    }

    /// Requires that a head names this ref in its trailer.
    pub fn bind_to(&mut self, reference: &str) {
        self.bound_to = Some(reference.to_owned());
    }

    /// Whether there is no signer.
    pub fn is_empty(&self) -> bool {
        self.ssh.is_empty() && self.openpgp.is_empty()
    }

    /// Refuses a head that does not name the required ref. The signature covers the trailer.
    fn check_ref(&self, head: &gix::Commit<'_>) -> Result<(), VerifyError> {
        let Some(reference) = &self.bound_to else { return Ok(()) };
        let message = head.message().map_err(VerifyError::Message)?;
        let body = message.body();
        let trailers = body.iter().flat_map(|body| body.trailers());
        let mut named = trailers.filter(|trailer| trailer.token.eq_ignore_ascii_case(REF_TRAILER.as_bytes()));
        if named.any(|trailer| **trailer.value == *reference.as_bytes()) {
            return Ok(());
        }
        Err(VerifyError::NotForRef { commit: head.id, reference: reference.clone() })
    }

    /// Finds who made this signature. The error says why it does not count.
    fn signer(&self, signature: &[u8], signed: &[u8], now: UnixTime) -> Result<String, SignatureError> {
        if signature.trim_ascii_start().starts_with(b"-----BEGIN SSH SIGNATURE-----") {
            return Ok(ssh::signer(&self.ssh, signature, signed, now)?);
        }
        Ok(openpgp::signer(&self.openpgp, signature, signed, now)?)
    }
}

impl Source {
    /// Finds who signed the newest commit, and checks every commit on the first-parent line back to `trusted`, which is not checked itself.
    /// `trusted` has to be on that line: otherwise the ref was moved to another branch, which only merged it in. The signature of a merge
    /// covers what it brings in. Without `trusted` the signature of the newest commit covers all before it.
    pub fn signer(
        &self,
        head: &CommitId,
        trusted: Option<&CommitId>,
        signers: &Signers,
        now: UnixTime,
    ) -> Result<String, VerifyError> {
        let repository = self.open()?;
        let trusted = trusted.map(object_id).transpose()?;
        let mut id = object_id(head)?;
        signers.check_ref(&objects::commit(&repository, id).map_err(|fault| self.fault(fault))?)?;
        let mut newest = None;
        for _ in 0..COMMITS_MAX {
            let commit = objects::commit(&repository, id).map_err(|fault| self.fault(fault))?;
            let signature = commit.signature().map_err(|fault| self.git(fault))?;
            let signer = match signature {
                Some((signature, signed)) => signers.signer(signature.as_bytes(), &signed.to_bstring(), now),
                None => Err(SignatureError::None),
            };
            let signer = signer.map_err(|fault| VerifyError::NotTrusted { commit: id, fault })?;
            newest.get_or_insert(signer);
            let parent = commit.parent_ids().next().map(gix::Id::detach);
            match (parent, trusted) {
                (Some(parent), Some(trusted)) if parent != trusted => id = parent,
                (None, Some(trusted)) => {
                    return Err(VerifyError::OffTheLine { trusted, head: head.clone() });
                }
                (Some(_), Some(_)) | (_, None) => return newest.ok_or(VerifyError::NoCommit),
            }
        }
        Err(VerifyError::TooMany { head: head.clone() })
    }
}

#[cfg(test)]
mod tests;
