//! `daypass.dev/on-change`: how the sidecar tells the app that its files changed.

use crate::http::admission::error::AnnotationError;
use crate::http::admission::names::SIGNALS;

/// Bytes of an executable's name.
const NAME_BYTES_MAX: usize = 63;

/// One way to tell the app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::http::admission) enum Reaction {
    /// A signal to the processes of an executable.
    Signal(String, String),
    /// A POST to this port of the pod's loopback, at this path.
    Http(u16, String),
    /// A program and its arguments, in the sidecar's container.
    Exec(Vec<String>),
}

impl Reaction {
    /// Reads `signal:HUP:nginx`, `http:9000/reload` or `exec:PROGRAM ARGUMENT…`.
    pub(super) fn parse(text: &str) -> Result<Self, AnnotationError> {
        let (form, rest) = text.split_once(':').unwrap_or((text, ""));
        match form {
            "signal" => parse_signal(rest),
            "http" => parse_http(rest).ok_or(AnnotationError::Reaction),
            "exec" => {
                let words: Vec<String> = rest.split_ascii_whitespace().map(str::to_owned).collect();
                if words.is_empty() { Err(AnnotationError::Reaction) } else { Ok(Self::Exec(words)) }
            }
            _ => Err(AnnotationError::Reaction),
        }
    }
}

/// A signal needs an executable: the first process of a pod with shared processes is not the app.
fn parse_signal(text: &str) -> Result<Reaction, AnnotationError> {
    match text.split_once(':') {
        Some((name, executable)) if SIGNALS.contains(&name) && is_executable(executable) => {
            Ok(Reaction::Signal(name.to_owned(), executable.to_owned()))
        }
        None if SIGNALS.contains(&text) => Err(AnnotationError::NoExecutable { signal: text.to_owned() }),
        _ => Err(AnnotationError::Reaction),
    }
}

fn parse_http(text: &str) -> Option<Reaction> {
    let (port, path) = text.split_once('/')?;
    let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
    path.bytes().all(|byte| byte.is_ascii_graphic()).then(|| Reaction::Http(port, format!("/{path}")))
}

fn is_executable(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}
