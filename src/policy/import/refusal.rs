//! Why an original, or a part of it, is not imported.

use super::error::WriteError;
use super::octo_sts::OctoStsError;
use super::roles::RoleError;
use super::vault::VaultError;

/// Why there is no policy of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportError {
    /// A role says nothing of ours.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// A file of octo-sts says nothing of ours.
    #[error(transparent)]
    OctoSts(#[from] OctoStsError),
    /// A role of Vault's says nothing of ours.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// It is read, and is no policy of ours.
    #[error(transparent)]
    Write(#[from] WriteError),
}
