//! Why a text names no token of Azure.
use super::{GuidError, ScopeError};

/// Why a text names no token of Azure.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AzureTargetError {
    /// It has the application alone.
    #[error("expected CLIENT_ID/SCOPE, such as `CLIENT_ID/https://management.azure.com/.default`, or CLIENT_ID/federated-token")]
    NoScope,
    /// A body without an application.
    #[error("`client_id` is missing: `scope` and `federated_token` need an application")]
    NoClientId,
    /// A body with both, or neither.
    #[error("say either `scope` or `federated_token: true` with `client_id`")]
    Which,
    /// `false` would have no meaning.
    #[error("`federated_token` is `true` or left out")]
    Federated,
    /// The application.
    #[error(transparent)]
    ClientId(#[from] GuidError),
    /// The scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
}
