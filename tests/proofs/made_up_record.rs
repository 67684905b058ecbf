//! Only the store makes the proof that a grant is recorded.
//! Expects E0624.
use daypass::policy::Grant;
use daypass::store::Recorded;
use daypass::words::names::DecisionId;

pub fn forge(grant: Grant) {
    let _ = Recorded::new(grant, DecisionId::new(), None, todo!());
}
