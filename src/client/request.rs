//! One credential, as a client asks for it and finds it in the answer: what is not there is a failure, never an empty credential.

use super::{Failure, STATUS_UNAVAILABLE};
use crate::answers::Document;
use crate::kind::Answered;
use serde_json::Value;

/// A credential of one kind that somebody asks for.
pub trait Request {
    /// What is answered.
    type Answer: Answered;

    /// Its part of the request.
    fn body(&self) -> Value;

    /// Whether this is what was asked for.
    fn is_answered_by(&self, _answer: &Self::Answer) -> bool {
        true
    }

    /// Finds it.
    fn find<'a>(&self, answer: &'a Document) -> Result<&'a Self::Answer, Failure> {
        answer.find(|one| self.is_answered_by(one)).ok_or_else(missing)
    }

    /// Takes it out.
    fn take(&self, answer: &mut Document) -> Result<Self::Answer, Failure> {
        answer.take(|one| self.is_answered_by(one)).ok_or_else(missing)
    }
}

/// The failure of an answer that lacks something, or that is none.
pub fn missing() -> Failure {
    Failure::new(STATUS_UNAVAILABLE, "the server's answer does not hold what was asked for")
}
