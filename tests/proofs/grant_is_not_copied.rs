//! A grant cannot be copied and recorded twice.
//! Expects E0277.
use daypass::policy::Grant;

pub fn repeat(grant: &Grant) -> Grant {
    Grant::clone(grant)
}
