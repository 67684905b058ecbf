//! Our own issuer's keys as operators see and turn them; and what another host serves of them.

use super::App;
use crate::words::{Denial, Reason};
use serde_json::{Value, json};

impl App {
    /// The keys, and both documents as they are served here.
    pub async fn keys_told(&self) -> Result<Value, Denial> {
        let mut told = json!(self.signing.publication(&self.store).await?);
        told["issuer"] = self.signing.issuer().as_str().into();
        told["hosted_elsewhere"] = self.is_hosted_elsewhere().into();
        told["discovery"] = self.signing.discovery();
        told["jwks"] = self.signing.jwks();
        Ok(told)
    }

    /// Makes the next keys now. They sign a day after they are published, as any others.
    pub async fn rotate_keys(&self) -> Result<Value, Denial> {
        let made = self.signing.rotate(&self.store).await.map_err(|fault| Reason::Internal.because(fault))?;
        let mut told = self.keys_told().await?;
        told["made"] = made.into();
        Ok(told)
    }

    /// Notes which keys were written for another host. Where clients find our issuer here, there is nothing to note.
    pub async fn note_hosted_keys(&self, kids: Vec<String>) -> Result<Value, Denial> {
        if self.is_hosted_elsewhere() {
            let held = self.store.keys().await?;
            self.store.note_hosted(kids.into_iter().filter(|kid| held.iter().any(|row| row.kid == *kid)).collect()).await?;
            self.signing.turn(&self.store).await.map_err(|fault| Reason::Internal.because(fault))?;
        }
        self.keys_told().await
    }

    fn is_hosted_elsewhere(&self) -> bool {
        self.public_url != *self.signing.issuer()
    }
}
