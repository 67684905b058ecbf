//! The answer of a provider. Its body is read by the methods here alone, so that no kind gives out a token that its own request
//! presented.

use super::TransportError;
use super::json::{AnswerError, answer};
use super::presented::{Echoed, Presented};
use crate::words::Secret;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;

/// Enough for an error message with its names.
const SENTENCE_CHARS_MAX: usize = 300;

/// An answer, or a part of it.
pub(in crate::issue) struct ProviderResponse {
    pub(in crate::issue) status: StatusCode,
    pub(in crate::issue) headers: HeaderMap,
    /// Why the body is not complete.
    pub(in crate::issue) cut: Option<TransportError>,
    body: Secret,
    presented: Presented,
}

/// What a kind reads out of an answer.
pub(in crate::issue) trait Provided {
    /// The token that would be given out.
    fn token(&self) -> &Secret;
}

impl ProviderResponse {
    pub(super) fn new(
        (status, headers): (StatusCode, HeaderMap),
        (body, cut): (Secret, Option<TransportError>),
        presented: Presented,
    ) -> Self {
        Self { status, headers, cut, body, presented }
    }

    /// An answer with this status and an empty body.
    #[cfg(test)]
    pub(in crate::issue) fn empty(status: StatusCode) -> Self {
        Self::new((status, HeaderMap::new()), (Secret::new(Vec::new()), None), Presented::new(&[]))
    }

    /// Reads a credential. Refuses one that the request presented.
    pub(in crate::issue) fn credential<T: Provided, F: From<Echoed>>(
        &self,
        read: impl FnOnce(&Secret) -> Result<T, F>,
    ) -> Result<T, F> {
        let provided = read(&self.body)?;
        self.presented.check(provided.token())?;
        Ok(provided)
    }

    /// Reads an answer that has no credential.
    pub(in crate::issue) fn without_credential<T: DeserializeOwned>(&self) -> Result<T, AnswerError> {
        answer(&self.body)
    }

    /// Reads an error. `None` if it is cut or has another form.
    pub(in crate::issue) fn error<T: DeserializeOwned>(&self) -> Option<T> {
        if self.cut.is_some() {
            return None;
        }
        answer(&self.body).ok()
    }

    /// The same for a provider that always says that its errors are JSON.
    pub(in crate::issue) fn declared_error<T: DeserializeOwned>(&self) -> Option<T> {
        let kind = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        if kind.split(';').next()?.trim() == "application/json" { self.error() } else { None }
    }

    /// The bytes of an answer that is refused, to find what has to be revoked.
    pub(in crate::issue) const fn refused_body(&self) -> &Secret {
        &self.body
    }

    /// The provider's error message for the audit log, shortened. `None` if it repeats a part of what the request presented.
    pub(in crate::issue) fn sentence(&self, text: &str) -> Option<String> {
        self.presented.sentence(text, SENTENCE_CHARS_MAX)
    }
}
