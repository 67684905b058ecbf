//! The store's clock: what it says, and what is told where it was set.

use super::Store;
use crate::words::{ClockEvent, Denial, Moment, UnixTime};
use serde_json::json;
use std::time::Duration;

impl Store {
    /// The present moment. A wall clock that is set back does not move it back until that has settled.
    pub fn now(&self) -> UnixTime {
        self.timeline.now()
    }

    /// The earlier one of the wall clock and the settled time: by this, things are forgotten and turned.
    pub fn earliest(&self) -> UnixTime {
        self.timeline.earliest()
    }

    /// The present moment with the time since boot.
    pub fn moment(&self) -> Moment {
        self.timeline.moment()
    }

    /// Time since the machine started, which nobody sets.
    pub fn since_boot(&self) -> Duration {
        self.timeline.since_boot()
    }

    /// Records that the wall clock was set; called every few seconds.
    pub async fn record_clock(&self) -> Result<(), Denial> {
        for event in self.timeline.events() {
            let body = match event {
                ClockEvent::Stepped(by) => json!({ "clock": "stepped", "by_milliseconds": by }),
                ClockEvent::Back => json!({ "clock": "agrees again" }),
                ClockEvent::Settled(by) => json!({ "clock": "settled", "by_milliseconds": by }),
            };
            self.record("clock", body).await?;
        }
        Ok(())
    }

    /// What is wrong with the wall clock, if anything is.
    pub fn clock_fault(&self) -> Option<String> {
        let behind = self.rules.forgotten.until().since(self.now()).as_secs();
        match self.timeline.step() {
            Some(by) => Some(format!("the wall clock was set by {} s", by / 1000)),
            None if behind > 0 => Some(format!(
                "the wall clock is {behind} s behind a time until which used tokens are forgotten; those that expire before it are refused"
            )),
            None => None,
        }
    }

    /// By how many seconds the wall clock differs from the settled time, and how often it was set.
    pub fn clock_steps(&self) -> (i64, u64) {
        (self.timeline.step().unwrap_or(0) / 1000, self.timeline.steps())
    }

    /// Takes the wall clock as right at once, by an operator's word.
    pub async fn accept_clock(&self) -> Result<(), Denial> {
        self.timeline.accept();
        let (now, rules) = (self.now(), self.rules.clone());
        self.write(move |connection| {
            rules.forgotten.go_back(connection, now)?;
            super::schema::append(connection, now, "clock", None, json!({ "clock": "accepted" }))
        })
        .await
    }
}
