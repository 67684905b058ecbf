//! `transit`: a use of a transit key, which is never handed out.

use super::{Issuable, NewCredential, not_issuable};
use crate::app::{App, Live};
use crate::kind::TransitUse;
use crate::store::Licence;
use crate::words::Denial;

impl Issuable for TransitUse {
    async fn make(_: &App, _: &Live, licence: Licence<'_, Self>) -> Result<NewCredential, Denial> {
        Err(not_issuable(licence.terms()))
    }
}
