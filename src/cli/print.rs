//! What people see: colours on a terminal, none in a pipe.

use std::process::ExitCode;

/// Prints a failure and ends with its status.
pub(super) fn failed(message: &str, status: u8) -> ExitCode {
    let (red, plain) = (anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Red.into())).bold(), anstyle::Reset);
    anstream::eprintln!("{red}daypass:{plain} {message}");
    ExitCode::from(status)
}

/// Prints a JSON document for people and machines.
pub(super) fn json(value: &serde_json::Value) {
    anstream::println!("{value:#}");
}

/// Prints a JSON document on one line, for what reads line by line.
pub(super) fn line(value: &serde_json::Value) {
    anstream::println!("{value}");
}

/// So many of them, in words.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
