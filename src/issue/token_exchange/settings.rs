//! `providers: { token_exchange: { services: … } }` of the configuration.

mod read;
mod secret;
#[cfg(test)]
mod tests;

use crate::kind::{ExchangeFields, ServiceName};
use crate::words::names::Audience;
use reqwest::Url;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// The section `token_exchange` of the configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct TokenExchangeSettings {
    /// At least one service. Their names differ.
    pub services: Vec<ServiceSettings>,
}

/// One service.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceSettings {
    /// Its name in policies.
    pub name: ServiceName,
    /// Its endpoint.
    pub url: Url,
    /// How the request is written.
    pub encoding: Encoding,
    /// The audience of our token.
    pub audience: Audience,
    /// The request's field for our token.
    pub assertion: String,
    /// Fields that are the same in each request.
    pub fields: ExchangeFields,
    /// Headers that are the same in each request. They hold no secrets.
    pub headers: ExchangeFields,
    /// Fields that each policy must set.
    pub policy_fields: BTreeSet<String>,
    /// Where the token is in the answer, by JSON pointer (RFC 6901).
    pub token: String,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// The endpoint that revokes tokens (RFC 7009).
    pub revoke: Option<Url>,
    /// The authorities of its certificate, PEM, instead of the system's.
    pub ca: Option<PathBuf>,
    /// The proxy on the way to it.
    pub proxy: Option<String>,
}

/// How a request is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// As OAuth writes requests.
    Form,
    /// As one flat object.
    Json,
}

/// How long a token lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lifetime {
    /// In seconds, at this place of the answer.
    At(String),
    /// The answer does not say; the service's documentation does.
    Documented(Duration),
}

/// A policy sets other fields than the configuration leaves to it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FieldsError {
    #[error("the policy sets `{0}`, which `policy_fields` does not name")]
    Unknown(String),
    #[error("the policy does not set `{0}`, which `policy_fields` names")]
    Missing(String),
}

impl Encoding {
    /// The body's media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Form => crate::issue::outward::FORM,
            Self::Json => "application/json",
        }
    }
}

impl ServiceSettings {
    /// Checks that a policy sets exactly the fields that are left to it. A service might grant everything for a field that is left out.
    pub(super) fn check(&self, fields: &ExchangeFields) -> Result<(), FieldsError> {
        if let Some((unknown, _)) = fields.iter().find(|(name, _)| !self.policy_fields.contains(*name)) {
            return Err(FieldsError::Unknown(unknown.to_owned()));
        }
        match self.policy_fields.iter().find(|name| fields.get(name).is_none()) {
            Some(missing) => Err(FieldsError::Missing(missing.clone())),
            None => Ok(()),
        }
    }
}
