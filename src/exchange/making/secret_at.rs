//! `secret_at`: read from Git as an earlier commit had it.

use super::{Issuable, NewCredential};
use crate::app::{App, Live};
use crate::kind::PastSecret;
use crate::policy::PastSecretTerms;
use crate::store::Licence;
use crate::words::Denial;

impl Issuable for PastSecret {
    async fn make(app: &App, live: &Live, licence: Licence<'_, PastSecretTerms>) -> Result<NewCredential, Denial> {
        app.open_past_secret(live, &licence).await.map(NewCredential::here)
    }
}
