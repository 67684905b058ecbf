//! Why the demo ends early.

use crate::secrets::{AgeError, NotBelow};
use aws_lc_rs::error::Unspecified;
use std::io;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The machine.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A program that has to be there.
    #[error("{program} cannot be run: {fault}")]
    NotRun {
        /// Which one.
        program: &'static str,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The issuer's key.
    #[error(transparent)]
    Key(#[from] Unspecified),
    /// The issuer's tokens.
    #[error(transparent)]
    Token(#[from] jsonwebtoken::errors::Error),
    /// The server's certificate.
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    /// The path of a secret.
    #[error(transparent)]
    Path(#[from] NotBelow),
    /// A secret.
    #[error(transparent)]
    Encryption(#[from] AgeError),
    /// The repository.
    #[error("git: {said}")]
    Git {
        /// What Git said.
        said: String,
    },
    /// The emulator.
    #[error("aws {arguments}: {said}")]
    Aws {
        /// What it was asked.
        arguments: String,
        /// What it said.
        said: String,
    },
    /// The server.
    #[error("the server did not start:\n{log}")]
    NotStarted {
        /// What it said.
        log: String,
    },
    /// A command that has to succeed.
    #[error("`{line}` failed")]
    Failed {
        /// The command.
        line: String,
    },
    /// A call of AWS that ended as it should not.
    #[error("the emulator should have {} this call", if *.is_allowed { "allowed" } else { "refused" })]
    Call {
        /// Whether the role allows it.
        is_allowed: bool,
    },
    /// A secret that was given away.
    #[error("the pull request must not get the secret")]
    Given,
    /// A refusal that nobody could look into.
    #[error("the refused job heard no decision id")]
    NoDecision,
    /// A change that nobody follows.
    #[error("the commit did not take effect")]
    NoEffect,
}
