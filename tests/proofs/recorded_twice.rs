//! A grant is consumed when it is recorded, so it cannot be recorded again.
//! Expects E0382.
use daypass::policy::Grant;
use daypass::store::{Intent, Store};

pub async fn repeat(store: &Store, grant: Grant, first: Intent, second: Intent) {
    let _ = store.intend(grant, first).await;
    let _ = store.intend(grant, second).await;
}
