//! A record cannot contain a secret.
//! Expects E0277.
use daypass::store::Store;
use daypass::words::Secret;

pub async fn record(store: &Store, secret: Secret) {
    let _ = store.record("clock", secret).await;
}
