//! An answer cannot be made without the proof of its release.
//! Expects E0624.
use daypass::answers::Answer;
use daypass::exchange::Released;
use daypass::identity::Identity;
use daypass::words::Secret;

pub fn forge(answer: Answer, written: Secret, identity: &Identity) {
    let _ = Released::new(answer, written, identity, todo!());
}
