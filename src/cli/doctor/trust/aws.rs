//! How AWS should recognize daypass.

use crate::cli::policy::PolicyTreeArgs;
use crate::client::Failure;
use crate::issue::{AWS_AUDIENCE, AwsMode};
use crate::kind::AwsTarget;

/// The audience of tokens for AWS; `None` if daypass uses the machine's own credentials.
pub(super) fn audience(at: &PolicyTreeArgs) -> Result<Option<&'static str>, Failure> {
    let by_issuer = at.provider::<AwsTarget>()?.is_none_or(|settings| settings.mode == AwsMode::WebIdentity);
    Ok(by_issuer.then_some(AWS_AUDIENCE))
}
