//! A licence does not outlive the record that lends it.
//! Expects E0505.
use daypass::issue::Aws;
use daypass::policy::Grant;
use daypass::store::{Licensed, Recorded, RequestRecord, Store};
use daypass::words::UnixTime;

pub async fn keep(store: &Store, aws: &Aws, recorded: Recorded<Grant>, now: UnixTime) {
    let Some(Licensed::Aws(licence)) = recorded.licences().next() else { return };
    let _ = store.release(recorded, Vec::new(), RequestRecord::default()).await;
    let _ = aws.issue(&licence, now).await;
}
