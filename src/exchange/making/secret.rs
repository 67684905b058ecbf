//! `secret`: opened in the revision in force.

use super::{Issuable, NewCredential};
use crate::app::{App, Live};
use crate::policy::SecretTerms;
use crate::store::Licence;
use crate::words::Denial;
use crate::words::names::SecretName;

impl Issuable for SecretName {
    async fn make(_: &App, live: &Live, licence: Licence<'_, SecretTerms>) -> Result<NewCredential, Denial> {
        live.open_secret(&licence).map(NewCredential::here)
    }
}
