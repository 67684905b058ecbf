//! A record has one outcome.
//! Expects E0382.
use daypass::policy::Grant;
use daypass::store::{Recorded, RequestRecord, Store};

pub async fn repeat(store: &Store, recorded: Recorded<Grant>) {
    let _ = store.fail(recorded, RequestRecord::default()).await;
    let _ = store.release(recorded, Vec::new(), RequestRecord::default()).await;
}
