//! No answer leaves without the proof of its release.
//! Expects E0624.
use daypass::exchange::Released;
use daypass::identity::Identity;
use daypass::words::Secret;

pub fn forge(answer: Secret, identity: &Identity) {
    let _ = Released::new(answer, identity, todo!());
}
