//! The program by its other name: `age-plugin-daypass`, which age, rage and sops run.

use crate::client::age_plugin::{PROGRAM, serve};
use crate::client::environment::Environment;
use crate::client::{STATUS_UNAVAILABLE, STATUS_USAGE};
use std::path::Path;
use std::process::ExitCode;

/// Runs as the plugin where the program was called by that name.
pub(super) fn run_if_called() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let called = arguments.next()?;
    if Path::new(&called).file_name()? != PROGRAM {
        return None;
    }
    let status = match arguments.next().as_deref().and_then(|argument| argument.to_str()) {
        Some("--age-plugin=identity-v1") => {
            crate::telemetry::install_crypto();
            serve(&Environment::of_process()).map_or_else(|fault| failed(&fault.to_string(), STATUS_UNAVAILABLE), |()| 0)
        }
        Some("--age-plugin=recipient-v1") => {
            failed("files are encrypted to the source's own recipients, not to this identity", STATUS_USAGE)
        }
        _ => failed("age runs this; `daypass secret plugin-identity` makes an identity for it", STATUS_USAGE),
    };
    Some(ExitCode::from(status))
}

fn failed(message: &str, status: u8) -> u8 {
    anstream::eprintln!("{PROGRAM}: {message}");
    status
}
