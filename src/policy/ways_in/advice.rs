//! Commands that print the trust that a cloud should have.

pub(super) const AWS: &str = "`daypass aws bootstrap` prints the trust policy that is exactly as wide as the policies";
pub(super) const GCP: &str = "`daypass gcp bootstrap` prints the bindings that are exactly as wide as the policies";
