//! What the commands share that print the one-time setup of a cloud.

use super::policy::PolicyTreeArgs;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::policy::Ruleset;
use crate::words::names::IssuerUrl;
use crate::words::yaml::Severity;

/// Loads the policies and our issuer, and prints the policies' faults. `who` is the cloud that has to know the issuer.
pub(super) fn load(at: &PolicyTreeArgs, who: &str) -> Result<(Ruleset, IssuerUrl), Failure> {
    let progress = Progress::of("reading the policies");
    let (snapshot, catalogue) = at.load()?;
    let (ruleset, faults) = Ruleset::load(&snapshot.files, &catalogue, None);
    drop(progress);
    print::faults(&faults);
    // The cloud will trust exactly what is printed: if a policy were missing, somebody would lose access.
    if faults.iter().any(|fault| fault.severity == Severity::Error) {
        let message = "the policies have errors, so not everything that they grant is known: nothing is printed";
        return Err(Failure::new(STATUS_CONFIGURATION, message));
    }
    let issuer = at.issuer_url()?.ok_or_else(|| {
        let message = format!("the configuration names no `issuer_url` and no `public_url`: {who} has to know our issuer, so write one into it, such as `public_url: https://daypass.acme.com`");
        Failure::new(STATUS_CONFIGURATION, message)
    })?;
    Ok((ruleset, issuer))
}
