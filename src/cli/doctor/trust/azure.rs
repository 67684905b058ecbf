//! How Entra should recognize daypass.

use crate::cli::policy::PolicyTreeArgs;
use crate::client::Failure;
use crate::kind::AzureTarget;
use crate::words::names::Audience;

/// The audience of federated credentials.
pub(super) fn audience(at: &PolicyTreeArgs) -> Result<Option<Audience>, Failure> {
    Ok(at.provider::<AzureTarget>()?.map(|settings| settings.audience))
}
