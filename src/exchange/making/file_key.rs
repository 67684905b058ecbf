//! `file_key`: the key that opens the document in force.

use super::Issuable;
use crate::app::{App, Live};
use crate::kind::Credential;
use crate::kind::FileKeyTarget;
use crate::policy::FileKeyTerms;
use crate::store::Licence;
use crate::words::Denial;

impl Issuable for FileKeyTarget {
    async fn make(_: &App, live: &Live, licence: Licence<'_, FileKeyTerms>) -> Result<Credential, Denial> {
        live.file_key(&licence).map(Credential::from)
    }
}
