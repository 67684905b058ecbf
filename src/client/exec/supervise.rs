//! Waits for the child and passes on the signals that a CI or a person sends.

use crate::client::{Failure, STATUS_EXEC};
use crate::telemetry::with_given_limit;
use std::os::unix::process::ExitStatusExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that no longer end this process, but are passed on to the child.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from here on. A signal that comes before the child has started is passed on after its start.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> rustix::process::Signal {
        tokio::select! {
            _ = self.interrupt.recv() => rustix::process::Signal::INT,
            _ = self.terminate.recv() => rustix::process::Signal::TERM,
            _ = self.hangup.recv() => rustix::process::Signal::HUP,
        }
    }
}

/// Runs the command. Returns its status, or 128 plus the signal that ended it.
pub(super) async fn run(
    command: &mut tokio::process::Command,
    program: &str,
    signals: std::io::Result<Signals>,
) -> Result<u8, Failure> {
    let failure = |fault: std::io::Error| Failure::new(STATUS_EXEC, format!("`{program}` cannot be run: {fault}"));
    let mut signals = signals.map_err(failure)?;
    let mut child = with_given_limit(|| command.spawn()).map_err(failure)?;
    loop {
        let passed = tokio::select! {
            status = child.wait() => return status.map(exit_status).map_err(failure),
            passed = signals.next() => passed,
        };
        let id = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            let _ = rustix::process::kill_process(id, passed);
        }
    }
}

/// As shells do: the status, or 128 plus the signal.
fn exit_status(status: std::process::ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(STATUS_EXEC)
}
