//! `id_token`: whether one would be signed at all.

use super::IdTokenIssuer;
use crate::kind::Target;
use crate::words::Denial;

impl IdTokenIssuer {
    /// Refuses what is granted and no token would be signed for.
    pub fn check_granted(&self, granted: &Target) -> Result<(), Denial> {
        match granted {
            Target::IdToken(wanted) => self.check(&wanted.audience),
            _ => Ok(()),
        }
    }
}
