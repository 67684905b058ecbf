//! `daypass`: a use of daypass itself, which is never handed out.

use super::{Issuable, NewCredential, not_issuable};
use crate::app::{App, Live};
use crate::kind::Permission;
use crate::store::Licence;
use crate::words::Denial;

impl Issuable for Permission {
    async fn make(_: &App, _: &Live, licence: Licence<'_, Self>) -> Result<NewCredential, Denial> {
        Err(not_issuable(licence.terms()))
    }
}
