//! A record has one outcome.
//! Expects E0382.
use daypass::policy::Grant;
use daypass::store::{Recorded, RequestRecord, StillGranted, Store};

pub async fn repeat(store: &Store, granted: StillGranted<Recorded<Grant>>) {
    let _ = store.fail(granted.into_inner(), RequestRecord::default()).await;
    let _ = store.release(granted, Vec::new(), RequestRecord::default()).await;
}
