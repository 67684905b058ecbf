//! `id_token`: checks a grant before a token is signed.

use super::IdTokenIssuer;
use crate::kind::Target;
use crate::words::Denial;

impl IdTokenIssuer {
    /// Refuses a granted audience for which no token is signed.
    pub fn check_granted(&self, granted: &Target) -> Result<(), Denial> {
        match granted {
            Target::IdToken(target) => self.check(&target.audience),
            _ => Ok(()),
        }
    }
}
