//! What a command says beside its output.

use crate::words::plain;
use std::fmt::Display;

/// Prints one line on standard error. Names and errors in it neither begin a line nor control a terminal or a CI's runner.
pub fn note(line: impl Display) {
    anstream::eprintln!("{}", plain(&line.to_string()));
}
