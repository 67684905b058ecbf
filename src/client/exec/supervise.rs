//! Waits for the child and passes on the signals that a CI or a person sends.

use crate::client::{Failure, STATUS_EXEC};
use std::os::unix::process::ExitStatusExt;
use tokio::signal::unix::{SignalKind, signal};

/// Runs it; its status, or 128 and the signal that ended it.
pub(super) async fn run(command: &mut tokio::process::Command, program: &str) -> Result<u8, Failure> {
    let failure = |fault: std::io::Error| Failure::new(STATUS_EXEC, format!("`{program}` cannot be run: {fault}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failure)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failure)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failure)?;
    let mut child = command.spawn().map_err(failure)?;
    loop {
        let passed = tokio::select! {
            status = child.wait() => return status.map(exit_status).map_err(failure),
            _ = interrupt.recv() => rustix::process::Signal::INT,
            _ = terminate.recv() => rustix::process::Signal::TERM,
            _ = hangup.recv() => rustix::process::Signal::HUP,
        };
        let id = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            let _ = rustix::process::kill_process(id, passed);
        }
    }
}

/// As shells do: the status, or 128 and the signal.
fn exit_status(status: std::process::ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(STATUS_EXEC)
}
