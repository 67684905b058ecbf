//! A client's request for one credential. A credential that the answer lacks is a failure, never an empty credential.

use super::{Failure, STATUS_UNAVAILABLE};
use crate::answers::Document;
use crate::kind::Answered;
use serde_json::Value;

/// A request for a credential of one kind.
pub trait Request {
    /// The credential in the answer.
    type Answer: Answered;

    /// Its part of the request's body.
    fn body(&self) -> Value;

    /// Whether this is the requested credential.
    fn is_answered_by(&self, _answer: &Self::Answer) -> bool {
        true
    }

    /// Finds the credential in the answer.
    fn find<'a>(&self, answer: &'a Document) -> Result<&'a Self::Answer, Failure> {
        answer.find(|one| self.is_answered_by(one)).ok_or_else(missing)
    }

    /// Takes the credential out of the answer.
    fn take(&self, answer: &mut Document) -> Result<Self::Answer, Failure> {
        answer.take(|one| self.is_answered_by(one)).ok_or_else(missing)
    }
}

/// The failure of an answer that lacks something, or that is none.
pub fn missing() -> Failure {
    Failure::new(STATUS_UNAVAILABLE, "the server's answer does not hold what was asked for")
}
