//! What one identity gets: a token in which nothing is left to choose.

use crate::kind::AzureUse;
use std::time::Duration;

/// An access token, or the token of ours that Entra takes for the application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AzureTerms {
    /// Of which application, and for what.
    pub granted: AzureUse,
    /// How long a token of ours lives; an access token that lives longer is refused, for nobody can ask Entra for less.
    pub ttl: Duration,
}
