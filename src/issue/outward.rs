//! One request to a provider of credentials. It has a deadline and a limit of bytes, follows no redirect, and reuses no connection.

mod address;
mod form;
mod json;
mod presented;
mod response;
#[cfg(test)]
mod tests;

pub(crate) use address::{AddressError, address};
pub(super) use form::{FORM, form};
pub(super) use json::{answer, json};
pub(super) use presented::{Echoed, Presented};
pub(super) use response::{Provided, ProviderResponse};

use crate::issuers::http::{ClientError, Trust, cause, provider_client};
use crate::words::{PlainPath, Secret};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::path::{Path, PathBuf};

/// The way to one provider.
pub(super) struct ProviderClient {
    client: Client,
    trust: Trust<'static>,
}

/// Why there is no client for a provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderClientError {
    /// The file of the certificate authorities.
    #[error("`ca`: {}: {fault}", .path.plain())]
    Authorities {
        /// Where it should be.
        path: PathBuf,
        /// The cause.
        #[source]
        fault: std::io::Error,
    },
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Why there is no answer, or only a part of it. Holds no byte of an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    #[error("{0}")]
    Unanswered(String),
    #[error("no answer in time")]
    Late,
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// Whether the same request may succeed at another time. A provider that has waited too long for a request (408), or has too many of
/// them (429), has not looked at it.
pub(super) fn may_pass(status: StatusCode) -> bool {
    !status.is_client_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// RFC 6750, section 2.1, `b64token`: the form of a bearer token in a header.
pub(super) fn is_b64token(token: &Secret) -> bool {
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    !token.expose().is_empty() && token.expose().iter().all(good)
}

/// A client that trusts these authorities, or else the system's.
pub(super) fn client(ca: Option<&Path>, proxy: Option<&str>) -> Result<Client, ProviderClientError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|fault| ProviderClientError::Authorities { path: path.to_owned(), fault });
    Ok(provider_client(ca.map(read).transpose()?.as_deref(), proxy)?)
}

impl ProviderClient {
    /// Trusts these authorities, or else the system's. `named_by` and `keeper` are for messages: how the configuration names the
    /// authorities, and who is responsible for the provider's certificate.
    pub(super) fn open(
        ca: Option<&Path>,
        proxy: Option<&str>,
        named_by: &'static str,
        keeper: &'static str,
    ) -> Result<Self, ProviderClientError> {
        Ok(Self { client: client(ca, proxy)?, trust: Trust { is_named: ca.is_some(), named_by, keeper } })
    }

    /// Sends a request, and reads `limit` bytes of its answer at most. Tries once more if the connection failed, because then the
    /// provider received nothing. `presented` is every secret in this request, and in those that led to it.
    pub(super) async fn send(
        &self,
        limit: usize,
        presented: &[&Secret],
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<ProviderResponse, TransportError> {
        let response = match request(&self.client).send().await {
            Err(fault) if fault.is_connect() && !fault.is_timeout() => request(&self.client).send().await,
            done => done,
        };
        let response = response.map_err(|fault| self.cut(&fault))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.body(response, limit).await;
        Ok(ProviderResponse::new((status, headers), body, Presented::new(presented)))
    }

    /// The bytes that came, also if the rest is missing: a token in them has to be revoked.
    async fn body(&self, mut response: Response, limit: usize) -> (Secret, Option<TransportError>) {
        let mut body = Vec::new();
        let cut = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => break Some(TransportError::TooLarge(limit)),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(fault) => break Some(self.cut(&fault)),
            }
        };
        (Secret::new(body), cut)
    }

    fn cut(&self, fault: &reqwest::Error) -> TransportError {
        if fault.is_timeout() {
            return TransportError::Late;
        }
        TransportError::Unanswered(cause(fault, self.trust).to_string())
    }
}
