//! Our own issuers' keys, as operators see and rotate them, and what another host serves of them.

use super::App;
use crate::answers::{IssuerKeys, OfIssuers, PublishedKeys, RotatedKeys};
use crate::config::served_issuer;
use crate::issue::{Publication, SigningKeys};
use crate::store::OwnIssuer;
use crate::words::{Denial, Reason};

impl App {
    /// The keys of both issuers, and their documents as this server serves them.
    pub async fn keys_report(&self) -> Result<OfIssuers<IssuerKeys>, Denial> {
        Ok(OfIssuers { clouds: self.keys_of(OwnIssuer::Clouds).await?, id_tokens: self.keys_of(OwnIssuer::IdTokens).await? })
    }

    async fn keys_of(&self, own: OwnIssuer) -> Result<IssuerKeys, Denial> {
        let held = self.own_issuers.keys(own);
        let Publication { keys, next_key_at, host_before } = held.publication(&self.store).await?;
        let (issuer, hosted_elsewhere) = (held.issuer().clone(), self.is_hosted_elsewhere(held)?);
        let published = PublishedKeys { keys, next_key_at, host_before, issuer, hosted_elsewhere };
        Ok(IssuerKeys { published, discovery: held.discovery(), jwks: held.key_set() })
    }

    /// Makes the next keys of both issuers now. Like any others, they sign a day after they are published.
    pub async fn rotate_keys(&self) -> Result<RotatedKeys, Denial> {
        let mut made = 0;
        for own in OwnIssuer::ALL {
            let rotated = self.own_issuers.keys(own).rotate(&self.store).await;
            made += rotated.map_err(|fault| Reason::Internal.with_cause(fault))?;
        }
        Ok(RotatedKeys { made, issuers: self.keys_report().await? })
    }

    /// Notes which keys were written for another host. If this server serves the issuer, there is nothing to note.
    pub async fn note_hosted_keys(&self, own: OwnIssuer, kids: Vec<String>) -> Result<OfIssuers<IssuerKeys>, Denial> {
        let keys = self.own_issuers.keys(own);
        if self.is_hosted_elsewhere(keys)? {
            let stored = self.store.keys(own).await?;
            let known = kids.into_iter().filter(|kid| stored.iter().any(|row| row.kid == *kid));
            self.store.note_hosted(own, known.collect()).await?;
            keys.rotate_due(&self.store).await.map_err(|fault| Reason::Internal.with_cause(fault))?;
        }
        self.keys_report().await
    }

    fn is_hosted_elsewhere(&self, keys: &SigningKeys) -> Result<bool, Denial> {
        let served = served_issuer(&self.public_url, keys.own()).map_err(|fault| Reason::Internal.with_cause(fault))?;
        Ok(served != *keys.issuer())
    }
}
