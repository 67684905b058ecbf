//! `file_key`: the key that opens the document in force.

use super::{Issuable, NewCredential};
use crate::app::{App, Live};
use crate::kind::FileKeyTarget;
use crate::policy::FileKeyTerms;
use crate::store::Licence;
use crate::words::Denial;

impl Issuable for FileKeyTarget {
    async fn make(_: &App, live: &Live, licence: Licence<'_, FileKeyTerms>) -> Result<NewCredential, Denial> {
        live.file_key(&licence).map(NewCredential::here)
    }
}
