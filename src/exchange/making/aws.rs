//! `aws`: AWS is asked.

use super::Making;
use crate::app::{App, Live};
use crate::kind::AwsTarget;
use crate::kind::Credential;
use crate::policy::AwsTerms;
use crate::store::Licence;
use crate::words::Denial;

impl Making for AwsTarget {
    async fn make(app: &App, _: &Live, licence: Licence<'_, AwsTerms>) -> Result<Credential, Denial> {
        app.aws()?.issue(&licence, app.now()).await.map(Credential::from)
    }
}
