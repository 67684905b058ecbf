//! A licence does not outlive the record that lends it.
//! Expects E0505.
use daypass::issue::Aws;
use daypass::policy::Grant;
use daypass::store::{Licensed, Recorded, StillGranted};
use daypass::words::{Denial, UnixTime};

pub async fn keep(aws: &Aws, recorded: Recorded<Grant>, later: Result<Grant, Denial>, now: UnixTime) {
    let Some(Licensed::Aws(licence)) = recorded.licences().next() else { return };
    let _ = StillGranted::new(recorded, later);
    let _ = aws.issue(&licence, now).await;
}
