//! `id_token`: checks a grant, and signs the token.

use super::keypair::SigningAlgorithm;
use super::own::IdTokenIssuer;
use crate::kind::{IdToken, Target};
use crate::policy::IdTokenTerms;
use crate::store::Licence;
use crate::words::{Denial, UnixTime};

impl IdTokenIssuer {
    /// Refuses a granted audience for which no token is signed.
    pub fn check_granted(&self, granted: &Target) -> Result<(), Denial> {
        match granted {
            Target::IdToken(target) => self.check(&target.audience),
            _ => Ok(()),
        }
    }

    /// Signs an `id_token`.
    pub fn id_token(&self, licence: &Licence<'_, IdTokenTerms>, now: UnixTime) -> Result<IdToken, Denial> {
        let (terms, decision, subject) = (licence.terms(), licence.decision(), &licence.granted().subject());
        self.check(&terms.audience)?;
        let extra = terms.claims.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let (audience, expires_at) = (terms.audience.clone(), now.plus(terms.ttl));
        let token = self.keys().mint(SigningAlgorithm::Es256, audience.as_str(), subject, decision, now, expires_at, extra)?;
        Ok(IdToken { audience, token, expires_at })
    }
}
