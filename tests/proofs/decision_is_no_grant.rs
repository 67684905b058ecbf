//! A decision is not a grant before operators' denials and the age of its sources were checked.
//! Expects E0308.
use daypass::identity::Identity;
use daypass::policy::{Grant, PolicySet, Request};
use daypass::words::{Denial, UnixTime};

pub fn skip(set: &PolicySet, identity: &Identity, request: &Request, now: UnixTime) -> Result<Grant, Denial> {
    set.decide(identity, request, now)
}
