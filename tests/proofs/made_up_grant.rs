//! Only a decision makes a grant.
//! Expects E0423.
use daypass::policy::Grant;

pub fn forge() -> Grant {
    Grant(Vec::new())
}
