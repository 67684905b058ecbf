//! Listens for the server's events, from the last one on. Without a stream the sidecar still asks at intervals.

use crate::client::server::{NoAnswer, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The pause before a stream that ended is opened again. The server ends each stream after minutes.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause while the server is unavailable.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What the stream reports.
#[derive(Clone, Default)]
pub(super) struct EventUpdates {
    /// Wakes the keeper: something changed, or may have changed while no stream was open.
    pub(super) changed: Arc<Notify>,
    listening: Arc<AtomicBool>,
}

impl EventUpdates {
    /// Whether a change is reported now, or within a second: nothing is missed between two streams.
    pub(super) fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed)
    }
}

/// Listens for as long as the sidecar runs.
pub(super) async fn follow(server: Arc<Server>, updates: EventUpdates, interval: Duration) {
    let (mut last, mut pause, mut denied) = (None, PAUSE_MIN, false);
    loop {
        let listened = listen(&server, &updates, &mut last, pause > PAUSE_MIN).await;
        if listened.is_err() {
            updates.listening.store(false, Ordering::Relaxed);
        }
        match listened {
            Ok(()) => (pause, denied) = (PAUSE_MIN, false),
            // The exchange shows whether the grant has ended. Without any policy there is nothing to listen for.
            Err(NoAnswer::Denied(_)) => {
                if !std::mem::replace(&mut denied, true) {
                    updates.changed.notify_one();
                }
                pause = interval.max(PAUSE_MAX);
            }
            Err(NoAnswer::Unavailable(failure)) => {
                tracing::debug!(fault = %failure, "no stream of events; asking at intervals");
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
        sleep(pause).await;
    }
}

/// Reads one stream until it ends, or until the token that opened it was replaced: the connection still holds the old one.
async fn listen(server: &Server, updates: &EventUpdates, last: &mut Option<String>, after_failure: bool) -> Result<(), NoAnswer> {
    let another_token = server.another_token();
    let mut events = server.events(last.as_deref()).await?;
    updates.listening.store(true, Ordering::Relaxed);
    if after_failure {
        // The server is back: the keeper need not wait any longer.
        updates.changed.notify_one();
    }
    tokio::pin!(another_token);
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = &mut another_token => {
                tracing::debug!("another token: the stream of events is opened again");
                return Ok(());
            }
        };
        match event {
            Ok(Some(id)) if last.as_ref() != Some(&id) => {
                *last = Some(id);
                updates.changed.notify_one();
            }
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(failure) => {
                updates.listening.store(false, Ordering::Relaxed);
                tracing::debug!(fault = %failure, "the stream of events broke");
                return Ok(());
            }
        }
    }
}
