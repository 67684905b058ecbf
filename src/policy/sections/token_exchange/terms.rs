//! What one identity gets: a token in which nothing is left to choose.

use crate::kind::{ExchangeFields, ServiceName, TokenExchangeTarget};
use std::time::Duration;

/// A token of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenExchangeTerms {
    /// The service, as the configuration calls it.
    pub service: ServiceName,
    /// The fields that the policy sets.
    pub fields: ExchangeFields,
    /// How long the token may live; one that lives longer is refused.
    pub ttl: Duration,
}

impl TokenExchangeTerms {
    /// The same as what could be asked for.
    pub(super) fn target(&self) -> TokenExchangeTarget {
        TokenExchangeTarget { service: Some(self.service.clone()), fields: Some(self.fields.clone()) }
    }
}
