//! `id_token`: signed by the issuer whose tokens are for services other than clouds.

use super::{Issuable, NewCredential};
use crate::app::{App, Live};
use crate::kind::IdTokenTarget;
use crate::policy::IdTokenTerms;
use crate::store::Licence;
use crate::words::Denial;

impl Issuable for IdTokenTarget {
    async fn make(app: &App, _: &Live, licence: Licence<'_, IdTokenTerms>) -> Result<NewCredential, Denial> {
        app.own_issuers.id_tokens().id_token(&licence, app.now()).map(NewCredential::here)
    }
}
