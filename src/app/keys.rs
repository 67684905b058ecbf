//! Our own issuers' keys, as operators see and rotate them, and what another host serves of them.

use super::App;
use crate::config::served_issuer;
use crate::issue::SigningKeys;
use crate::store::OwnIssuer;
use crate::words::{Denial, Reason};
use serde_json::{Value, json};

impl App {
    /// The keys of both issuers, and their documents as this server serves them.
    pub async fn keys_told(&self) -> Result<Value, Denial> {
        let mut told = json!({});
        for own in OwnIssuer::ALL {
            let keys = self.own_issuers.keys(own);
            let mut issuer = json!(keys.publication(&self.store).await?);
            issuer["issuer"] = keys.issuer().as_str().into();
            issuer["hosted_elsewhere"] = self.is_hosted_elsewhere(keys)?.into();
            issuer["discovery"] = keys.discovery();
            issuer["jwks"] = keys.jwks();
            told[own.as_str()] = issuer;
        }
        Ok(told)
    }

    /// Makes the next keys of both issuers now. Like any others, they sign a day after they are published.
    pub async fn rotate_keys(&self) -> Result<Value, Denial> {
        let mut made = 0;
        for own in OwnIssuer::ALL {
            let rotated = self.own_issuers.keys(own).rotate(&self.store).await;
            made += rotated.map_err(|fault| Reason::Internal.because(fault))?;
        }
        Ok(json!({ "made": made, "issuers": self.keys_told().await? }))
    }

    /// Notes which keys were written for another host. If this server serves the issuer, there is nothing to note.
    pub async fn note_hosted_keys(&self, own: OwnIssuer, kids: Vec<String>) -> Result<Value, Denial> {
        let keys = self.own_issuers.keys(own);
        if self.is_hosted_elsewhere(keys)? {
            let held = self.store.keys(own).await?;
            let known = kids.into_iter().filter(|kid| held.iter().any(|row| row.kid == *kid));
            self.store.note_hosted(own, known.collect()).await?;
            keys.turn(&self.store).await.map_err(|fault| Reason::Internal.because(fault))?;
        }
        self.keys_told().await
    }

    fn is_hosted_elsewhere(&self, keys: &SigningKeys) -> Result<bool, Denial> {
        let served = served_issuer(&self.public_url, keys.own()).map_err(|fault| Reason::Internal.because(fault))?;
        Ok(served != *keys.issuer())
    }
}
