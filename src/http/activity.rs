//! Whether anybody would miss a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// From the handshake to the first whole request; an HTTP/2 peer that never speaks is under no other limit.
const FIRST_REQUEST_MAX: Duration = Duration::from_secs(15);
/// A connection on which nothing happens is closed and its buffers are wiped, so that what a client sent is gone a minute after its
/// last request.
const IDLE_MAX: Duration = Duration::from_secs(40);
/// How often that is looked at.
const IDLE_TURN: Duration = Duration::from_secs(10);
/// After the goodbye, a connection without a request has this long to take its leave.
const LEAVE_MAX: Duration = Duration::from_secs(1);

/// The requests of one connection.
#[derive(Default)]
pub(super) struct Activity {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Activity {
    /// Marks a request as under way until the mark is dropped.
    pub(super) fn begin(self: Arc<Self>) -> Underway {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Underway(self)
    }

    /// Ends when nobody would miss the connection: no request came in time, or none for a while.
    pub(super) async fn unmissed(&self) {
        tokio::time::sleep(FIRST_REQUEST_MAX).await;
        if self.begun.load(Ordering::Relaxed) > 0 {
            self.idle().await;
        }
    }

    /// After the goodbye: ends when its time is over and nothing is under way.
    pub(super) async fn left(&self) {
        loop {
            tokio::time::sleep(LEAVE_MAX).await;
            if self.begun.load(Ordering::Relaxed) == self.ended.load(Ordering::Relaxed) {
                break;
            }
        }
    }

    /// Ends when nothing happened for a while and nothing is under way.
    async fn idle(&self) {
        let (mut seen, mut since) = (0, tokio::time::Instant::now());
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            if begun != seen || begun != self.ended.load(Ordering::Relaxed) {
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
pub(super) struct Underway(Arc<Activity>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
