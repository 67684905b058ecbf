//! Only a comparison with a second decision makes the proof that a grant still stands.
//! Expects E0423.
use daypass::policy::Grant;
use daypass::store::{Recorded, StillGranted};

pub fn forge(recorded: Recorded<Grant>) -> StillGranted<Recorded<Grant>> {
    StillGranted(recorded)
}
