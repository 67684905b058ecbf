//! The cause of an error that a library wraps several times.

use std::error::Error;
use std::io;

/// The innermost cause: "certificate expired" says more than "error sending request".
///
/// Below an error of HTTP/2 the library quotes what the other side sent, which may be what we sent to it. Such an error is shown without
/// its cause.
pub fn root_cause(fault: &(dyn Error + 'static)) -> String {
    let mut cause = fault;
    while let Some(inner) = cause.source() {
        if cause.is::<hyper::Error>() && !inner.is::<io::Error>() {
            break;
        }
        cause = inner;
    }
    cause.to_string()
}
