//! The program as age's plugin, which age, rage and sops run (c2sp.org/age-plugin).

use crate::client::age_plugin::{PROGRAM, serve};
use crate::client::environment::Environment;
use crate::client::{STATUS_UNAVAILABLE, STATUS_USAGE, note};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// The argument by which age calls a plugin. The name of a state machine follows it.
const ASKS: &str = "--age-plugin=";

/// Runs as the plugin if the program was called as one.
pub(super) fn run_if_called() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let status = match requested_machine(&arguments)? {
        "identity-v1" => {
            crate::telemetry::install_crypto();
            serve(&Environment::of_process()).map_or_else(|fault| failed(&fault.to_string(), STATUS_UNAVAILABLE), |()| 0)
        }
        "recipient-v1" => failed("files are encrypted to the source's own recipients, not to this identity", STATUS_USAGE),
        _ => failed("age runs this; `daypass secret plugin-identity` makes an identity for it", STATUS_USAGE),
    };
    Some(ExitCode::from(status))
}

/// The state machine that age asks for. It counts under any program name: rage follows the link `age-plugin-daypass` and runs the
/// file behind it.
fn requested_machine(arguments: &[OsString]) -> Option<&str> {
    let is_named = arguments.first().and_then(|called| Path::new(called).file_name()).is_some_and(|name| name == PROGRAM);
    let state_machine = arguments.get(1).and_then(|argument| argument.to_str()?.strip_prefix(ASKS));
    state_machine.or(is_named.then_some(""))
}

fn failed(message: &str, status: u8) -> u8 {
    note(format!("{PROGRAM}: {message}"));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_is_recognized_by_its_argument_or_its_name() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(requested_machine(&words(&["/usr/bin/daypass", "--age-plugin=identity-v1"])), Some("identity-v1"));
        assert_eq!(requested_machine(&words(&["age-plugin-daypass", "--age-plugin=recipient-v1"])), Some("recipient-v1"));
        assert_eq!(requested_machine(&words(&["/x/age-plugin-daypass"])), Some(""));
        for other in
            [&["daypass"][..], &["daypass", "status"], &["age-plugin-daypass/daypass", "exec", "--age-plugin=identity-v1"]]
        {
            assert_eq!(requested_machine(&words(other)), None, "{other:?}");
        }
    }
}
