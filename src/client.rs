//! Layer E: what a job runs. One request brings everything that the job needs. The client finds the job's token where its CI puts it.

pub mod age_plugin;
pub mod checkout;
pub mod delivery;
pub mod editor;
pub mod environment;
mod error;
mod event_stream;
pub mod exec;
pub mod helper;
pub mod job_token;
pub mod journal;
pub mod keyring;
mod local_server;
mod mask;
mod memory;
mod note;
pub mod renewal;
mod report;
pub mod request;
pub mod server;
pub mod sidecar;
pub mod token_endpoint;

pub use mask::hide_file;
pub use note::note;
pub use report::{EndReport, Report};

use crate::words::yaml::Fault;
use crate::words::{plain, without_secrets};
use std::borrow::Borrow;
use std::fmt::Display;

/// Why the client stops, and the exit status that says so (sysexits.h, and 125 as env and timeout use it).
#[derive(Clone, Debug)]
pub struct Failure {
    /// What happened: one line, and those that were added to it. Texts of others in it are escaped.
    pub message: String,
    /// What to do next, if more is known than the message says.
    pub hint: Option<String>,
    /// The decision's id, if the server refused.
    pub decision: Option<String>,
    /// The server's code, such as `no_matching_policy`, if the server refused.
    pub code: Option<String>,
    /// The process's exit status.
    pub status: u8,
}

/// The command line is wrong (EX_USAGE).
pub const STATUS_USAGE: u8 = 64;
/// The server, or something behind it, is unavailable (EX_UNAVAILABLE).
pub const STATUS_UNAVAILABLE: u8 = 69;
/// Denied (EX_NOPERM).
pub const STATUS_DENIED: u8 = 77;
/// A fault of the configuration or of a policy (EX_CONFIG).
pub const STATUS_CONFIGURATION: u8 = 78;
/// `exec` itself failed, not its command.
pub const STATUS_EXEC: u8 = 125;

impl Failure {
    /// A failure with its status. The message is one line, whatever it quotes: a name with a line break would otherwise begin a line, which
    /// a CI's runner may take for a command. Nor does it show a private key that somebody gave as an argument.
    pub fn new(status: u8, message: impl Display) -> Self {
        Self { message: one_line_of(&message.to_string()), hint: None, decision: None, code: None, status }
    }

    /// Adds what to do next.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(one_line_of(&hint.into())), ..self }
    }

    /// Adds lines below the message.
    #[must_use]
    pub fn with_lines(self, lines: impl IntoIterator<Item = impl Display>) -> Self {
        let lines = lines.into_iter().map(|line| format!("\n{}", one_line_of(&line.to_string())));
        Self { message: self.message + &lines.collect::<String>(), ..self }
    }

    /// Adds faults of files below the message. A fault escapes what it quotes.
    #[must_use]
    pub fn with_faults(self, faults: impl IntoIterator<Item = impl Borrow<Fault>>) -> Self {
        let faults = faults.into_iter().map(|fault| format!("\n\n{}", fault.borrow()));
        Self { message: self.message + &faults.collect::<String>(), ..self }
    }

    /// For a person who gave the command line: what the server cannot read or does not know in it is at fault there, as on the
    /// server's own machine. The form of the API's request would not help.
    #[must_use]
    pub fn of_a_command_line(self) -> Self {
        if self.code.as_deref() == Some("bad_request") { Self { hint: None, status: STATUS_USAGE, ..self } } else { self }
    }

    /// The message on one line, with the hint and the decision's id.
    pub fn one_line(&self) -> String {
        self.to_string().lines().collect::<Vec<_>>().join("; ")
    }

    /// The same for a program, in the words of the API's problem documents.
    pub fn document(&self) -> serde_json::Value {
        serde_json::json!({ "error": self.described() })
    }

    /// Its members, without the ones that it lacks.
    fn described(&self) -> serde_json::Value {
        let members = [("code", &self.code), ("hint", &self.hint), ("decision_id", &self.decision)];
        let mut document = serde_json::json!({ "detail": self.message, "exit_status": self.status });
        for (member, text) in members {
            if let Some(text) = text {
                document[member] = text.as_str().into();
            }
        }
        document
    }
}

/// Text of others for one line, without the line break at its end that other programs write.
fn one_line_of(text: &str) -> String {
    plain(&without_secrets(text.trim_end())).into_owned()
}

/// What another program wrote on its standard error, for a message.
fn on_one_line(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr).trim().lines().collect::<Vec<_>>().join("; ")
}

/// For standard error: the message and its code, then the hint and the decision's id on lines of their own.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        self.code.iter().try_for_each(|code| write!(f, " ({code})"))?;
        self.hint.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))?;
        self.decision.iter().try_for_each(|decision| write!(f, "\ndecision: {decision}"))
    }
}
