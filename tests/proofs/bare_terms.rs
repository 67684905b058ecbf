//! Terms alone give no session: only a recorded grant lends a licence.
//! Expects E0308.
use daypass::issue::Aws;
use daypass::policy::AwsTerms;
use daypass::words::UnixTime;

pub async fn skip(aws: &Aws, terms: &AwsTerms, now: UnixTime) {
    let _ = aws.issue(terms, now).await;
}
