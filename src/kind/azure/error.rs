//! Why a text asks for no token of Azure.

use super::{GuidError, ScopeError};

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AzureTargetError {
    /// The application alone.
    #[error("expected CLIENT_ID/SCOPE, such as `CLIENT_ID/https://management.azure.com/.default`, or CLIENT_ID/federated-token")]
    NoScope,
    /// The application.
    #[error(transparent)]
    ClientId(#[from] GuidError),
    /// The scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
}
