//! Listens for changes, from what was last heard. Without a stream there is still the asking at intervals.

use crate::client::server::{Server, Unanswered};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// A stream that ended, as each does after minutes, is opened again after a second.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// While the server is gone.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What is heard.
#[derive(Clone, Default)]
pub(super) struct Heard {
    /// Something changed, or may have while nobody listened.
    pub(super) changed: Arc<Notify>,
    listening: Arc<AtomicBool>,
}

impl Heard {
    /// Whether a change would be heard of now, or in a second: between two streams nothing is missed.
    pub(super) fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed)
    }
}

/// Listens for as long as the sidecar runs.
pub(super) async fn follow(server: Arc<Server>, heard: Heard, interval: Duration) {
    let (mut last, mut pause, mut denied) = (None, PAUSE_MIN, false);
    loop {
        let listened = listen(&server, &heard, &mut last, pause > PAUSE_MIN).await;
        if listened.is_err() {
            heard.listening.store(false, Ordering::Relaxed);
        }
        match listened {
            Ok(()) => (pause, denied) = (PAUSE_MIN, false),
            // The exchange knows whether the grant has ended; without any policy there is nothing to listen for.
            Err(Unanswered::Denied(_)) => {
                if !std::mem::replace(&mut denied, true) {
                    heard.changed.notify_one();
                }
                pause = interval.max(PAUSE_MAX);
            }
            Err(Unanswered::Unavailable(failure)) => {
                tracing::debug!(fault = %failure, "no stream of events; asking at intervals");
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
        sleep(pause).await;
    }
}

/// One stream, until it ends, or until another token takes the place of the one that opened it: its connection holds that token.
async fn listen(server: &Server, heard: &Heard, last: &mut Option<String>, after_failure: bool) -> Result<(), Unanswered> {
    let another_token = server.another_token();
    let mut events = server.events(last.as_deref()).await?;
    heard.listening.store(true, Ordering::Relaxed);
    if after_failure {
        // The server is back: whoever waits for it need not wait longer.
        heard.changed.notify_one();
    }
    tokio::pin!(another_token);
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = &mut another_token => {
                tracing::debug!("another token: the stream of events is opened anew");
                return Ok(());
            }
        };
        match event {
            Ok(Some(id)) if last.as_ref() != Some(&id) => {
                *last = Some(id);
                heard.changed.notify_one();
            }
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(failure) => {
                heard.listening.store(false, Ordering::Relaxed);
                tracing::debug!(fault = %failure, "the stream of events broke");
                return Ok(());
            }
        }
    }
}
