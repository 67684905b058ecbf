//! The cause of an error that a library wraps several times.

use std::error::Error;

/// The innermost cause: "certificate expired" says more than "error sending request".
pub fn root_cause(fault: &(dyn Error + 'static)) -> String {
    let mut cause = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
