//! A request for a secret, and its value in the answer.

use crate::answers::Document;
use crate::client::Failure;
use crate::client::request::{Request, missing};
use crate::kind::{Listed, PastValue, SecretValue};
use crate::words::Secret;
use crate::words::names::SecretName;
use serde_json::{Value, json};
use std::ops::Deref;

/// A secret in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretRequest(pub SecretName);

impl Request for SecretRequest {
    type Answer = SecretValue;

    fn body(&self) -> Value {
        json!({ "secret": self.0.to_string() })
    }

    fn is_answered_by(&self, answer: &SecretValue) -> bool {
        answer.name == self.0
    }
}

impl SecretRequest {
    /// The secret itself.
    pub fn value(&self, answer: &Document) -> Result<Secret, Failure> {
        plain(self.find(answer)?)
    }
}

/// The only secret of an answer, in force or as an older commit had it.
pub fn only_secret(answer: &Document) -> Result<Secret, Failure> {
    let credential = answer.credentials.first().ok_or_else(missing)?;
    plain(SecretValue::of(credential).or_else(|| PastValue::of(credential).map(Deref::deref)).ok_or_else(missing)?)
}

fn plain(secret: &SecretValue) -> Result<Secret, Failure> {
    secret.plain().map_err(|_| missing())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::delivery::tests::answer;

    #[test]
    fn a_secret_is_found_by_its_name_and_a_missing_one_is_a_failure() {
        let (document, request) = (answer(&["secret"]), |name| SecretRequest(SecretName::parse(name).unwrap()));
        assert_eq!(request("shop/db.yaml#/a").value(&document).unwrap().expose(), b"hunter2");
        assert!(request("shop/db.yaml#/b").value(&document).is_err());
        assert_eq!(only_secret(&answer(&["secret_at"])).unwrap().expose(), b"\xff");
        assert!(only_secret(&answer(&[])).is_err() && only_secret(&answer(&["aws"])).is_err());
    }
}
