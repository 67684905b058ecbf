//! Why an original, or a part of it, is not imported.

use super::aws::roles::RoleError;
use super::azure::AzureError;
use super::error::WriteError;
use super::gcp::GcpError;
use super::octo_sts::OctoStsError;
use super::vault::VaultError;

/// Why an original does not become a policy.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportError {
    /// A role of IAM's is refused.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// A file of octo-sts is refused.
    #[error(transparent)]
    OctoSts(#[from] OctoStsError),
    /// A role of Vault's is refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A provider or a member of Google's is refused.
    #[error(transparent)]
    Gcp(#[from] GcpError),
    /// A federated credential of Entra's is refused.
    #[error(transparent)]
    Azure(#[from] AzureError),
    /// A file of an export that nothing reads.
    #[error(
        "nothing reads this file: expected auth/MOUNT/config.json, auth/MOUNT/role/NAME.json, policies/NAME.hcl; providers/NAME.json, \
         service-accounts/ADDRESS.json; applications/CLIENT_ID.json"
    )]
    Stray,
    /// It was read, and cannot be written as a policy.
    #[error(transparent)]
    Write(#[from] WriteError),
}
