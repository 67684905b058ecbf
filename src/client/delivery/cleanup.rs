//! The clean-up after the command has ended.

use crate::client::{EndReport, Failure, note};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The time for the whole clean-up. Ten seconds after it cancels a job, GitHub's runner kills everything that still runs.
const CLEAN_UP_MAX: Duration = Duration::from_secs(5);

/// One step of the clean-up.
pub(super) type CleanUp = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// The steps of the clean-up, in order.
#[derive(Default)]
pub(super) struct CleanUps(Vec<(&'static str, CleanUp)>);

impl CleanUps {
    /// Adds a step. `what` is the message if it fails, such as "the GitHub token could not be revoked".
    pub(super) fn push(&mut self, what: &'static str, clean_up: CleanUp) {
        self.0.push((what, clean_up));
    }

    /// Runs all steps, one after the other. A failure is printed, and does not stop the others.
    pub(super) async fn run(self) -> EndReport {
        let count = self.0.len();
        let failed = self.failures(CLEAN_UP_MAX).await;
        for message in &failed {
            note(format!("daypass: {message}"));
        }
        EndReport { revoked: count - failed.len(), failed }
    }

    /// Runs all steps, and returns the failures. Each step may take an equal part of the remaining time, so that one that hangs
    /// leaves time for the others.
    async fn failures(self, within: Duration) -> Vec<String> {
        let (end, count) = (Instant::now() + within, self.0.len());
        let mut failures = Vec::new();
        for (left, (what, clean_up)) in (1..=count).rev().zip(self.0) {
            let share = end.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(u32::MAX);
            match timeout(share, clean_up).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => failures.push(format!("{what}: {}", failure.one_line())),
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
    async fn all_steps_run_in_order_even_if_one_fails_or_hangs() {
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
