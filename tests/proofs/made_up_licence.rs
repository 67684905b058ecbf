//! Only a recorded grant lends a licence.
//! Expects E0451.
use daypass::policy::{AwsTerms, Granted};
use daypass::store::Licence;
use daypass::words::names::DecisionId;

pub fn forge<'a>(granted: &'a Granted, terms: &'a AwsTerms, decision: &'a DecisionId) -> Licence<'a, AwsTerms> {
    Licence { granted, terms, decision }
}
