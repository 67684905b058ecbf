//! A body that is larger than a token, and is read only after the grant.

use crate::identity::Identity;
use crate::words::Denial;
use std::pin::Pin;

/// A body that is not read yet.
pub(super) struct Body(Pin<Box<dyn Future<Output = Result<Vec<u8>, Denial>> + Send>>);

impl Body {
    /// Takes the future that reads it. It runs after the grant.
    pub(super) fn new(body: impl Future<Output = Result<Vec<u8>, Denial>> + Send + 'static) -> Self {
        Self(Box::pin(body))
    }

    /// Reads it, and compares it with the proof that came before it.
    pub(super) async fn read(self, identity: &Identity) -> Result<Vec<u8>, Denial> {
        let bytes = self.0.await?;
        identity.proven().map_or(Ok(()), |proven| proven.check_body(&bytes))?;
        Ok(bytes)
    }
}
