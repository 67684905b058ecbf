//! How Google Cloud should recognize daypass.

use crate::cli::policy::PolicyTreeArgs;
use crate::client::Failure;
use crate::kind::GcpTarget;

/// daypass's provider of a workload identity pool.
pub(super) fn provider(at: &PolicyTreeArgs) -> Result<Option<String>, Failure> {
    Ok(at.provider::<GcpTarget>()?.map(|settings| settings.provider.to_string()))
}
