//! A record has one outcome.
//! Expects E0382.
use daypass::policy::Grant;
use daypass::store::{Body, Recorded, Store};

pub async fn repeat(store: &Store, recorded: Recorded<Grant>) {
    let _ = store.fail(recorded, Body::default()).await;
    let _ = store.release(recorded, Vec::new(), Body::default()).await;
}
