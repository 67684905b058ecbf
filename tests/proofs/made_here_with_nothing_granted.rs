//! A credential that daypass issues itself is recorded with the grant that allowed it.
//! Expects E0061.
use daypass::store::{Intent, Outcome, Store};

pub async fn skip(store: &Store, intent: Intent, outcome: Outcome) {
    let _ = store.intend_and_release(intent, outcome).await;
}
