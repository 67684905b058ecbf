//! Progress of work that takes longer than a second: one line on a terminal, removed when the work is done.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::convert::Infallible;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shorter work shows nothing: a line that comes and goes at once only flickers.
const QUIET: Duration = Duration::from_secs(1);
/// How often the line is drawn again.
const TICK: Duration = Duration::from_millis(250);

/// Whether a line may be shown: not in a pipe, where nobody watches, and never two at once, which would overwrite each other.
static IS_FREE: AtomicBool = AtomicBool::new(false);

/// From here on, shows lines if standard error is a terminal.
pub(super) fn allow() {
    IS_FREE.store(std::io::stderr().is_terminal(), Ordering::SeqCst);
}

/// Progress of work whose output goes to a file or a program. On a terminal the output itself shows how far it is.
pub(super) fn if_piped(what: &'static str) -> Option<Progress> {
    (!std::io::stdout().is_terminal()).then(|| Progress::of(what))
}

/// A line that is shown until it is dropped.
pub(super) struct Progress(Option<ProgressBarTask>);

struct ProgressBarTask {
    bar: ProgressBar,
    /// Closed to end the wait for the first second.
    done: Option<Sender<Infallible>>,
    wait: Option<JoinHandle<()>>,
}

impl Progress {
    /// For work of unknown length, such as `asking the server`.
    pub(super) fn of(what: &'static str) -> Self {
        Self::new(None, "{msg} ({elapsed})", what)
    }

    /// For work of this many steps.
    pub(super) fn of_steps(what: &'static str, steps: usize) -> Self {
        Self::new(Some(steps as u64), "{msg}: {pos} of {len} ({elapsed}, {eta} left)", what)
    }

    fn new(steps: Option<u64>, template: &str, what: &'static str) -> Self {
        if !IS_FREE.swap(false, Ordering::SeqCst) {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden()).with_message(what);
        let bar = ProgressStyle::with_template(template).map(|style| bar.clone().with_style(style)).unwrap_or(bar);
        let (done, waits) = channel::<Infallible>();
        let later = bar.clone();
        let wait = std::thread::spawn(move || {
            if waits.recv_timeout(QUIET) == Err(RecvTimeoutError::Timeout) {
                later.set_draw_target(ProgressDrawTarget::stderr());
                later.enable_steady_tick(TICK);
            }
        });
        Self(Some(ProgressBarTask { bar, done: Some(done), wait: Some(wait) }))
    }

    /// Counts one more step.
    pub(super) fn step(&self) {
        if let Some(state) = &self.0 {
            state.bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let Some(state) = &mut self.0 else { return };
        state.done.take();
        let _ = state.wait.take().map(JoinHandle::join);
        state.bar.finish_and_clear();
        IS_FREE.store(true, Ordering::SeqCst);
    }
}
