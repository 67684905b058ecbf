//! The store's clock, and the records of changes of the wall clock.

use super::Store;
use super::event_record::ClockRecord;
use crate::words::{Denial, Moment, UnixTime};
use std::time::Duration;

impl Store {
    /// The present time. If the wall clock is set back, this goes back only when the new time has settled.
    pub fn now(&self) -> UnixTime {
        self.timeline.now()
    }

    /// The earlier one of the wall clock and the settled time. Deletion and rotation use it.
    pub fn earliest(&self) -> UnixTime {
        self.timeline.earliest()
    }

    /// The present time with the time since boot.
    pub fn moment(&self) -> Moment {
        self.timeline.moment()
    }

    /// The time since the machine started, which cannot be set.
    pub fn since_boot(&self) -> Duration {
        self.timeline.since_boot()
    }

    /// Records changes of the wall clock. Called every few seconds.
    pub async fn record_clock(&self) -> Result<(), Denial> {
        for event in self.timeline.events() {
            self.record("clock", ClockRecord::from(event)).await?;
        }
        Ok(())
    }

    /// What is wrong with the wall clock, if anything is.
    pub fn clock_fault(&self) -> Option<String> {
        let behind = self.rules.forgotten.until().since(self.now()).as_secs();
        match self.timeline.step() {
            Some(by) => Some(format!("the wall clock was set by {} s", by / 1000)),
            None if behind > 0 => Some(format!(
                "the wall clock is {behind} s behind the time up to which used tokens were forgotten; tokens that expire before it are refused"
            )),
            None => None,
        }
    }

    /// How many seconds the wall clock differs from the settled time, and how often it was set.
    pub fn clock_steps(&self) -> (i64, u64) {
        (self.timeline.step().unwrap_or(0) / 1000, self.timeline.steps())
    }

    /// Accepts the wall clock at once, for an operator.
    pub async fn accept_clock(&self) -> Result<(), Denial> {
        self.timeline.accept();
        let (now, rules) = (self.now(), self.rules.clone());
        let back = self.write(move |connection| {
            let back = rules.forgotten.write_back(connection, now)?;
            super::schema::append(connection, now, "clock", None, ClockRecord::Accepted)?;
            Ok(back)
        });
        back.await?.iter().for_each(|back| self.rules.forgotten.move_back(back));
        Ok(())
    }
}
