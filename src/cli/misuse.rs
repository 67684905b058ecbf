//! Usage errors: a wrong command line. They quote arguments and variables, which a CI may take from a pull request.

use crate::client::STATUS_USAGE;
use crate::words::{plain, value_without_secrets, without_secrets};
use clap::builder::StyledStr;
use clap::error::ContextValue;
use std::error::Error;
use std::process::ExitCode;

/// Prints the error, or the help page that was asked for.
pub(super) fn print(fault: clap::Error) -> ExitCode {
    if !fault.use_stderr() {
        let _ = fault.print();
        return ExitCode::SUCCESS;
    }
    anstream::eprint!("{}", without_secrets(&escaped(fault)));
    ExitCode::from(STATUS_USAGE)
}

/// The message with what it quotes escaped. Its own lines and colours stay.
fn escaped(mut fault: clap::Error) -> String {
    let is_hostile = |value: &ContextValue| matches!(value, ContextValue::String(text) if shown(text) != **text);
    if fault.context().any(|(_, value)| is_hostile(value)) {
        let context: Vec<_> = fault.context().map(|(kind, value)| (kind, plain_value(value))).collect();
        for (kind, value) in context {
            fault.insert(kind, value);
        }
    }
    let message = fault.render().ansi().to_string();
    // The error of the type that does not take a value may quote it too.
    match fault.source().map(ToString::to_string) {
        Some(source) if !source.is_empty() => message.replace(&source, &plain(&source)),
        _ => message,
    }
}

/// An argument, which is one value as a whole here: between its colours, where it stands later, nobody could tell where a URL begins.
fn shown(text: &str) -> String {
    plain(&value_without_secrets(text)).into_owned()
}

/// Values, and tips that repeat them. Everything else in an error is ours or the library's.
fn plain_value(value: &ContextValue) -> ContextValue {
    match value {
        ContextValue::String(text) => ContextValue::String(shown(text)),
        ContextValue::StyledStrs(tips) => {
            let tips = tips.iter().map(|tip| StyledStr::from(plain(&without_secrets(&tip.to_string())).into_owned()));
            ContextValue::StyledStrs(tips.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    const HOSTILE: &str = "x\n::error::PWN\u{1b}[2J\u{202e}\u{200b}\u{9b}##[error]";

    fn message(arguments: &[&str]) -> String {
        escaped(Cli::try_parse_from(["daypass"].iter().chain(arguments)).unwrap_err())
    }

    /// A wrong value, an unknown argument with a tip, an unknown command, a value that a type of ours refuses, a value too many.
    #[test]
    fn what_a_usage_error_quotes_is_escaped_and_its_lines_stay() {
        for arguments in [
            &["policy", "check", "--format", HOSTILE][..],
            &["policy", "check", &format!("--{HOSTILE}")],
            &["policy", "check", &format!("-{HOSTILE}")],
            &[HOSTILE],
            &["policy", HOSTILE],
            &["serve", "--config", "a", "--admin-address", HOSTILE],
            &["status", HOSTILE],
            &["--output", HOSTILE, "status"],
        ] {
            let message = message(arguments);
            assert!(message.lines().count() > 2 && message.contains("--help"), "{message:?}");
            assert!(message.lines().all(|line| !line.trim_start().starts_with("::")), "{message:?}");
            assert!(!message.contains(['\u{202e}', '\u{200b}', '\u{9b}']), "{message:?}");
            assert!(!message.contains("\u{1b}[2J") && !message.contains("##["), "{message:?}");
        }
        let shown = message(&["policy", "check", "--format", HOSTILE]);
        assert!(shown.contains("x\\u{a}::error::PWN\\u{1b}[2J"), "{shown:?}");
    }
}
