//! Whether a connection is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// From the handshake to the first whole request. No other limit closes the connection of a silent HTTP/2 peer.
const FIRST_REQUEST_MAX: Duration = Duration::from_secs(15);
/// A connection without requests is closed after this time. Its buffers are wiped, so that a minute after a client's last request
/// nothing that it sent is left.
const IDLE_MAX: Duration = Duration::from_secs(40);
/// How often that is checked.
const IDLE_TURN: Duration = Duration::from_secs(10);
/// How long a connection without a request stays open after its graceful shutdown began, or after the listener closed. Whoever connects
/// is about to send a request; a busy machine or a far one may need a moment for it.
pub(super) const LEAVE_MAX: Duration = Duration::from_secs(1);
/// How often a stopping server checks whether a connection is quiet.
const QUIET_TURN: Duration = Duration::from_millis(50);

/// The requests of one connection.
#[derive(Default)]
pub(super) struct Activity {
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Bytes arrived after the last request: the beginning of another one.
    has_input: AtomicBool,
    /// The server stops, so unread bytes count too.
    ending: AtomicBool,
    /// The last check found unread bytes.
    unread: AtomicBool,
    shed: CancellationToken,
}

impl Activity {
    /// Marks a request as under way until the mark is dropped.
    pub(super) fn begin(self: Arc<Self>) -> ActiveRequest {
        self.begun.fetch_add(1, Ordering::Relaxed);
        ActiveRequest(self)
    }

    /// Whether no request is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.begun.load(Ordering::Relaxed) == self.ended.load(Ordering::Relaxed)
    }

    /// Tells the connection to make room for others.
    pub(super) fn ask_to_close(&self) {
        self.shed.cancel();
    }

    /// Ends when the connection has to make room for others.
    pub(super) async fn has_to_make_room(&self) {
        self.shed.cancelled().await;
    }

    #[cfg(test)]
    pub(super) fn is_asked_to_close(&self) -> bool {
        self.shed.is_cancelled()
    }

    /// Notes that bytes of the client were read.
    pub(super) fn note_input(&self) {
        self.has_input.store(true, Ordering::Relaxed);
    }

    /// Whether unread bytes are to be noted.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Notes whether there are unread bytes.
    pub(super) fn note_unread(&self, unread: bool) {
        self.unread.store(unread, Ordering::Relaxed);
    }

    /// Ends when no request is under way, none has begun to arrive, and nothing is unread; at the latest after `patience`. A connection
    /// without a request so far has a moment for its first one.
    pub(super) async fn quiet(&self, patience: Duration) {
        self.ending.store(true, Ordering::Relaxed);
        let since = tokio::time::Instant::now();
        let quiet = async {
            loop {
                // Meanwhile the connection is polled, which reads what arrived and notes what is left.
                tokio::time::sleep(QUIET_TURN).await;
                let awaits_first = self.begun.load(Ordering::Relaxed) == 0 && since.elapsed() < LEAVE_MAX;
                if !awaits_first
                    && self.is_idle()
                    && !self.has_input.load(Ordering::Relaxed)
                    && !self.unread.load(Ordering::Relaxed)
                {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(patience, quiet).await;
    }

    /// Ends when the connection is unused: its first request did not come in time, or no other came for a while.
    pub(super) async fn until_unused(&self) {
        tokio::time::sleep(FIRST_REQUEST_MAX).await;
        if self.begun.load(Ordering::Relaxed) > 0 {
            self.idle().await;
        }
    }

    /// For the time after a graceful shutdown began: ends when that time is over and no request is under way.
    pub(super) async fn left(&self) {
        loop {
            tokio::time::sleep(LEAVE_MAX).await;
            if self.is_idle() {
                break;
            }
        }
    }

    /// Ends when no request came for a while and none is under way.
    async fn idle(&self) {
        let (mut seen, mut since) = (0, tokio::time::Instant::now());
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            if begun != seen || !self.is_idle() {
                (seen, since) = (begun, tokio::time::Instant::now());
            }
            if since.elapsed() >= IDLE_MAX {
                break;
            }
            tokio::time::sleep(IDLE_TURN).await;
        }
    }
}

/// One request under way.
pub(super) struct ActiveRequest(Arc<Activity>);

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.has_input.store(false, Ordering::Relaxed);
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_just_connected_has_a_moment_for_its_first_request() {
        let (asked, silent) = (Arc::new(Activity::default()), Activity::default());
        drop(asked.clone().begin());
        let since = std::time::Instant::now();
        let mut quiet_silent = std::pin::pin!(silent.quiet(LEAVE_MAX * 10));
        let first = tokio::select! {
            biased;
            () = asked.quiet(LEAVE_MAX * 10) => "asked",
            () = &mut quiet_silent => "silent",
        };
        quiet_silent.await;
        assert_eq!((first, since.elapsed() >= LEAVE_MAX), ("asked", true));
    }
}
