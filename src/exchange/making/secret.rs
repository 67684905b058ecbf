//! `secret`: opened in the revision in force.

use super::Issuable;
use crate::app::{App, Live};
use crate::kind::Credential;
use crate::policy::SecretTerms;
use crate::store::Licence;
use crate::words::Denial;
use crate::words::names::SecretName;

impl Issuable for SecretName {
    async fn make(_: &App, live: &Live, licence: Licence<'_, SecretTerms>) -> Result<Credential, Denial> {
        live.open_secret(&licence).map(Credential::from)
    }
}
