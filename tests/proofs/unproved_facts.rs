//! Unverified attributes get no grant.
//! Expects E0308.
use daypass::identity::Facts;
use daypass::policy::{PolicySet, Request};
use daypass::words::UnixTime;

pub fn skip(set: &PolicySet, facts: &Facts, request: &Request, now: UnixTime) {
    let _ = set.decide(facts, request, now);
}
