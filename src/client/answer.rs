//! What was asked for, found in the server's answer: what is not there is a failure, never an empty credential.

use super::{Failure, STATUS_UNAVAILABLE};
use crate::answers::Document;
use crate::kind::{AwsKeys, IdToken, Listed, PastValue, SecretValue};
use crate::words::Secret;
use crate::words::names::{Audience, SecretName};
use std::ops::Deref;

/// The AWS session.
pub fn aws(answer: &mut Document) -> Result<AwsKeys, Failure> {
    answer.take(|_| true).ok_or_else(missing)
}

/// The token for this audience.
pub fn id_token(answer: &mut Document, audience: &Audience) -> Result<IdToken, Failure> {
    answer.take(|token: &IdToken| token.audience == *audience).ok_or_else(missing)
}

/// The secret of this name.
pub fn secret(answer: &Document, name: &SecretName) -> Result<Secret, Failure> {
    plain(answer.find(|secret: &SecretValue| secret.name == *name))
}

/// The only secret, of today or as an older commit had it.
pub fn only_secret(answer: &Document) -> Result<Secret, Failure> {
    let credential = answer.credentials.first().ok_or_else(missing)?;
    plain(SecretValue::of(credential).or_else(|| PastValue::of(credential).map(Deref::deref)))
}

fn plain(secret: Option<&SecretValue>) -> Result<Secret, Failure> {
    secret.ok_or_else(missing)?.plain().map_err(|_| missing())
}

/// The failure of an answer that lacks something, or that is none.
pub(crate) fn missing() -> Failure {
    Failure::new(STATUS_UNAVAILABLE, "the server's answer does not hold what was asked for")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::{document, sample, samples};

    #[test]
    fn each_is_found_by_what_was_asked_for_and_nothing_else_is_taken_for_it() {
        let mut answer: Document = serde_json::from_value(document(&samples())).unwrap();
        let audience = |text: &str| Audience::parse(text).unwrap();
        assert!(id_token(&mut answer, &audience("https://b.example")).is_err());
        assert_eq!(id_token(&mut answer, &audience("https://a.example")).unwrap().token.expose(), b"hunter2");
        assert_eq!(aws(&mut answer).unwrap().access_key_id, "ASIA1");
        assert!(aws(&mut answer).is_err(), "it was the only one");
        assert_eq!(secret(&answer, &SecretName::parse("shop/db.yaml#/a").unwrap()).unwrap().expose(), b"hunter2");
        assert!(secret(&answer, &SecretName::parse("shop/db.yaml#/b").unwrap()).is_err());
        let past: Document = serde_json::from_value(document(&[sample("secret_at")])).unwrap();
        assert_eq!(only_secret(&past).unwrap().expose(), b"\xff");
    }
}
