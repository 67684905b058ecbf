//! The terms of one token of a service, with nothing left to choose.

use crate::kind::{ExchangeFields, ServiceName, TokenExchangeTarget};
use std::time::Duration;

/// A token of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenExchangeTerms {
    /// The service's name in the configuration.
    pub service: ServiceName,
    /// The fields that the policy sets.
    pub fields: ExchangeFields,
    /// How long the token may live. A token that lives longer is refused.
    pub ttl: Duration,
}

impl TokenExchangeTerms {
    /// The request that means these terms.
    pub(super) fn target(&self) -> TokenExchangeTarget {
        TokenExchangeTarget { service: Some(self.service.clone()), fields: Some(self.fields.clone()) }
    }
}
