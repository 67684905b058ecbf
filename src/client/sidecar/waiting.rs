//! Tests of the sidecar wait for what another process or task does.

use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Whatever takes longer hangs, however busy the machine is.
const WAIT_MAX: Duration = Duration::from_secs(240);

pub(super) async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(WAIT_MAX, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}
