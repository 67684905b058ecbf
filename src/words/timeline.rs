//! Compares the wall clock with the time since boot. It notices when the wall clock is set, so that this neither revives what has
//! expired nor stops what has not. See docs/decisions/0024.

use super::{Clock, UnixTime};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The smallest step. A leap second and the rounding of both clocks stay below it.
const STEP_MIN: i64 = 2_000;
/// How long a wall clock that was set has to run evenly before its time is accepted.
const SETTLED_AFTER: Duration = Duration::from_secs(3600);
/// The most time between the readings of both clocks. A reading that takes longer is repeated.
const READING_MAX: Duration = Duration::from_millis(100);
/// The most events that wait to be recorded. If there are more, the oldest are dropped.
const UNRECORDED_MAX: usize = 100;

/// Both clocks of this machine.
pub struct Timeline {
    clock: Arc<dyn Clock>,
    /// The settled wall time minus the time since boot, in milliseconds.
    offset: AtomicI64,
    /// When the time was settled, in milliseconds since boot.
    settled_at: AtomicI64,
    is_stepped: AtomicBool,
    steps: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    step: Option<Step>,
    unrecorded: Vec<ClockEvent>,
}

#[derive(Clone, Copy)]
struct Step {
    by: i64,
    noticed: Duration,
}

/// A point in time by both clocks. The wall time is for people and stays valid after a restart; ages are measured with the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The wall time.
    pub wall: UnixTime,
    /// The time since the machine started.
    pub boot: Duration,
}

/// A change of the wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockEvent {
    /// It was set, and differs from the settled time by so many milliseconds.
    Stepped(i64),
    /// It agrees with the settled time again.
    Back,
    /// The time that it was set to is accepted as the settled time.
    Settled(i64),
}

impl Timeline {
    /// Accepts the wall clock's time at the start.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let boot = millis(clock.since_boot());
        let (offset, settled_at) = (AtomicI64::new(clock.now().millis() - boot), AtomicI64::new(boot));
        let (is_stepped, steps) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { clock, offset, settled_at, is_stepped, steps, state: Mutex::default() }
    }

    /// The present time. If the wall clock was set back, this is the settled time, so that what has expired stays expired.
    pub fn now(&self) -> UnixTime {
        let (wall, settled) = self.read();
        if wall.millis() >= settled.millis() - STEP_MIN { wall } else { settled }
    }

    /// The earlier one of the wall clock and the settled time. What has expired by it has expired by both.
    pub fn earliest(&self) -> UnixTime {
        let (wall, settled) = self.read();
        wall.min(settled)
    }

    /// The present time with the time since boot.
    pub fn moment(&self) -> Moment {
        Moment { wall: self.now(), boot: self.since_boot() }
    }

    /// The time since the machine started.
    pub fn since_boot(&self) -> Duration {
        self.clock.since_boot()
    }

    /// How long the time has been settled.
    pub fn settled_for(&self) -> Duration {
        let since = u64::try_from(self.settled_at.load(Ordering::Relaxed)).unwrap_or(0);
        self.clock.since_boot().saturating_sub(Duration::from_millis(since))
    }

    /// How much the wall clock differs from the settled time, in milliseconds; `None` if they agree.
    pub fn step(&self) -> Option<i64> {
        self.read();
        self.lock().step.map(|step| step.by)
    }

    /// How often the wall clock was set.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// The events since the last call.
    pub fn events(&self) -> Vec<ClockEvent> {
        self.read();
        std::mem::take(&mut self.lock().unrecorded)
    }

    /// Accepts the wall clock's time, for an operator.
    pub fn accept(&self) {
        let mut state = self.lock();
        let ahead = self.clock.now().millis() - millis(self.clock.since_boot()) - self.offset.load(Ordering::Relaxed);
        if ahead.abs() > STEP_MIN {
            self.settle(&mut state, ahead);
        }
    }

    /// The wall clock and the settled time.
    fn read(&self) -> (UnixTime, UnixTime) {
        let (wall, boot) = self.both();
        let settled = UnixTime::from_millis(millis(boot).saturating_add(self.offset.load(Ordering::Relaxed)));
        let ahead = wall.millis().saturating_sub(settled.millis());
        if ahead.abs() > STEP_MIN || self.is_stepped.load(Ordering::Relaxed) {
            self.notice(ahead, boot);
        }
        (wall, settled)
    }

    fn both(&self) -> (UnixTime, Duration) {
        let mut before = self.clock.since_boot();
        loop {
            let (wall, after) = (self.clock.now(), self.clock.since_boot());
            if after.saturating_sub(before) < READING_MAX {
                return (wall, after);
            }
            before = after;
        }
    }

    fn notice(&self, ahead: i64, boot: Duration) {
        let mut state = self.lock();
        match state.step {
            Some(_) if ahead.abs() <= STEP_MIN => {
                state.step = None;
                self.is_stepped.store(false, Ordering::Relaxed);
                push_event(&mut state, ClockEvent::Back);
            }
            Some(step) if (ahead - step.by).abs() <= STEP_MIN => {
                if boot.saturating_sub(step.noticed) >= SETTLED_AFTER {
                    self.settle(&mut state, ahead);
                }
            }
            None if ahead.abs() <= STEP_MIN => {}
            Some(_) | None => {
                state.step = Some(Step { by: ahead, noticed: boot });
                self.is_stepped.store(true, Ordering::Relaxed);
                self.steps.fetch_add(1, Ordering::Relaxed);
                push_event(&mut state, ClockEvent::Stepped(ahead));
            }
        }
    }

    fn settle(&self, state: &mut State, ahead: i64) {
        self.offset.fetch_add(ahead, Ordering::Relaxed);
        self.settled_at.store(millis(self.clock.since_boot()), Ordering::Relaxed);
        state.step = None;
        self.is_stepped.store(false, Ordering::Relaxed);
        push_event(state, ClockEvent::Settled(ahead));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push_event(state: &mut State, event: ClockEvent) {
    if state.unrecorded.len() == UNRECORDED_MAX {
        state.unrecorded.remove(0);
    }
    state.unrecorded.push(event);
    match event {
        ClockEvent::Stepped(by) => {
            tracing::warn!(
                by_seconds = by / 1000,
                "the wall clock was set; see \"When the clock was wrong\" in docs/operating.md"
            );
        }
        ClockEvent::Back => tracing::warn!("the wall clock agrees with the time since boot again"),
        ClockEvent::Settled(by) => tracing::warn!(by_seconds = by / 1000, "the time that the wall clock was set to is accepted"),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::SteppingClock;

    const START: i64 = 1_800_000_000_000;

    fn timeline() -> (SteppingClock, Timeline) {
        let clock = SteppingClock::at(START);
        (clock.clone(), Timeline::new(Arc::new(clock)))
    }

    #[test]
    fn a_clock_that_was_ahead_for_three_seconds_holds_nothing_ahead() {
        let (clock, timeline) = timeline();
        clock.step(3_600_000);
        assert_eq!(timeline.now().millis(), START + 3_600_000);
        clock.pass(Duration::from_secs(3));
        assert_eq!((timeline.earliest().millis(), timeline.step()), (START + 3_000, Some(3_600_000)));
        clock.step(-3_600_000);
        assert_eq!((timeline.now().millis(), timeline.step()), (START + 3_000, None));
        assert_eq!(timeline.events(), [ClockEvent::Stepped(3_600_000), ClockEvent::Back]);
        assert_eq!((timeline.events(), timeline.steps()), (vec![], 1));
    }

    #[test]
    fn time_goes_on_until_a_clock_that_was_set_back_has_settled() {
        let (clock, timeline) = timeline();
        clock.step(-3_600_000);
        for seconds in [0, 40, 3559] {
            clock.pass(Duration::from_secs(seconds));
            assert_eq!(timeline.now().millis(), clock.now().millis() + 3_600_000);
            assert_eq!(timeline.earliest(), clock.now());
        }
        clock.pass(Duration::from_secs(1));
        timeline.now();
        assert_eq!((timeline.now(), timeline.earliest(), timeline.step()), (clock.now(), clock.now(), None));
        assert_eq!(timeline.events(), [ClockEvent::Stepped(-3_600_000), ClockEvent::Settled(-3_600_000)]);
    }

    #[test]
    fn each_further_step_is_reported_and_restarts_the_hour() {
        let (clock, timeline) = timeline();
        for by in [10_000, 10_000, -40_000] {
            clock.step(by);
            clock.pass(Duration::from_secs(3000));
            timeline.now();
        }
        assert_eq!((timeline.step(), timeline.steps()), (Some(-20_000), 3));
        timeline.accept();
        assert_eq!((timeline.now(), timeline.earliest(), timeline.step()), (clock.now(), clock.now(), None));
    }

    #[test]
    fn a_leap_second_and_a_suspended_machine_are_no_steps() {
        let (clock, timeline) = timeline();
        clock.step(-1000);
        clock.pass(Duration::from_secs(7 * 24 * 3600));
        assert_eq!((timeline.now(), timeline.step()), (clock.now(), None));
    }
}
