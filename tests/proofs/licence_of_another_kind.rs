//! A licence for a token that daypass signs gives no session of a cloud.
//! Expects E0308.
use daypass::issue::Aws;
use daypass::policy::IdTokenTerms;
use daypass::store::Licence;
use daypass::words::UnixTime;

pub async fn swap(aws: &Aws, licence: &Licence<'_, IdTokenTerms>, now: UnixTime) {
    let _ = aws.issue(licence, now).await;
}
