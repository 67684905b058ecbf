//! What is done after the command has ended.

use crate::client::{Ended, Failure};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// For everything that is done at the end. Ten seconds after it cancels a job, GitHub's runner kills whatever still runs.
const CLEAN_UP_MAX: Duration = Duration::from_secs(5);

/// One thing to be done.
pub(super) type CleanUp = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// What is to be done at the end, in order.
#[derive(Default)]
pub(super) struct CleanUps(Vec<(&'static str, CleanUp)>);

impl CleanUps {
    /// Adds one; `what` says what could not be done if it fails: "the GitHub token could not be revoked".
    pub(super) fn push(&mut self, what: &'static str, clean_up: CleanUp) {
        self.0.push((what, clean_up));
    }

    /// Does everything, one after the other. A failure is told and changes nothing else.
    pub(super) async fn run(self) -> Ended {
        let count = self.0.len();
        let failed = self.failures(CLEAN_UP_MAX).await;
        for message in &failed {
            anstream::eprintln!("daypass: {message}");
        }
        Ended { revoked: count - failed.len(), failed }
    }

    /// What failed. Each may take an equal part of the time that is left: one that hangs leaves time for the others.
    async fn failures(self, within: Duration) -> Vec<String> {
        let (end, count) = (Instant::now() + within, self.0.len());
        let mut failures = Vec::new();
        for (left, (what, clean_up)) in (1..=count).rev().zip(self.0) {
            let share = end.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(u32::MAX);
            match timeout(share, clean_up).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => failures.push(format!("{what}: {failure}")),
                Err(_) => failures.push(format!("{what}: it took longer than {} ms", share.as_millis())),
            }
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn everything_is_done_in_order_and_what_fails_or_hangs_keeps_nothing_from_being_done() {
        let (done, mut clean_ups) = (Arc::new(Mutex::new(Vec::new())), CleanUps::default());
        let mut push = |what: &'static str, outcome: Result<(), Failure>| {
            let done = done.clone();
            let work = async move {
                done.lock().unwrap().push(what);
                outcome
            };
            clean_ups.push(what, Box::pin(work));
        };
        push("first", Ok(()));
        push("failing", Err(Failure::new(1, "no")));
        push("next", Ok(()));
        clean_ups.push("hanging", Box::pin(std::future::pending()));
        let late = done.clone();
        let last = async move {
            late.lock().unwrap().push("last");
            Ok(())
        };
        clean_ups.push("last", Box::pin(last));
        let failures = clean_ups.failures(Duration::from_millis(50)).await;
        assert_eq!(*done.lock().unwrap(), ["first", "failing", "next", "last"]);
        assert_eq!(failures[0], "failing: no");
        assert!(failures.len() == 2 && failures[1].starts_with("hanging: it took longer"), "{failures:?}");
    }
}
