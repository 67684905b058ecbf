//! Loads what an import wrote, as a server would.

use super::error::LoadError;
use super::issuer::Issuer;
use crate::policy::catalogue::{Catalogue, IssuerEntry, Tree};
use crate::policy::file::TrustPolicy;
use crate::policy::layout::unread_files;
use crate::words::yaml::Severity;

/// Loads a policy, with the other files that it needs. A file that may be meant as guardrails is refused too: nothing would widen while
/// it is there.
pub(super) fn load(file: &str, yaml: &str, others: Tree, issuer: &Issuer) -> Result<TrustPolicy, LoadError> {
    let entry = IssuerEntry { url: issuer.url.clone(), mapping: issuer.mapping.clone(), session_max: None };
    let catalogue = Catalogue::from_iter([(issuer.name.clone(), entry)]);
    let mut tree = others;
    tree.insert(file.to_owned(), yaml.as_bytes().into());
    let mut faults = unread_files(&tree);
    let policy = match TrustPolicy::parse(file, yaml.as_bytes(), &tree, &catalogue) {
        Ok((policy, _)) => Some(policy),
        Err(found) => {
            faults.extend(found);
            None
        }
    };
    faults.retain(|fault| fault.severity == Severity::Error);
    policy.filter(|_| faults.is_empty()).ok_or(LoadError { faults })
}
