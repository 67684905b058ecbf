//! What was granted before it was made is not released before it is decided again.
//! Expects E0308.
use daypass::policy::Grant;
use daypass::store::{Recorded, RequestRecord, Store};

pub async fn skip(store: &Store, recorded: Recorded<Grant>) {
    let _ = store.release(recorded, Vec::new(), RequestRecord::default()).await;
}
