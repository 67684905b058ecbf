//! The terms of one Azure token, with nothing left to choose.

use crate::kind::AzureUse;
use std::time::Duration;

/// An access token, or the token of ours that Entra accepts for the application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AzureTerms {
    /// The application, and the scope.
    pub granted: AzureUse,
    /// How long a token of ours lives. An access token that lives longer is refused, because a request cannot ask Entra for less.
    pub ttl: Duration,
}
