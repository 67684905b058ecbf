//! Why the demo fails.

use crate::secrets::{AgeError, NotBelow};
use aws_lc_rs::error::Unspecified;
use std::io;

/// Why the demo fails.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file, a socket or a process.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A program that is missing.
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
    #[error("git: {output}")]
    Git {
        /// What Git said.
        output: String,
    },
    /// The emulator.
    #[error("aws {arguments}: {output}")]
    Aws {
        /// What it was asked.
        arguments: String,
        /// What it said.
        output: String,
    },
    /// The server.
    #[error("the server did not start:\n{log}")]
    NotStarted {
        /// What it said.
        log: String,
    },
    /// A command that had to succeed.
    #[error("`{line}` failed")]
    Failed {
        /// The command.
        line: String,
    },
    /// An AWS call with the wrong result.
    #[error("the emulator should have {} this call", if *.is_allowed { "allowed" } else { "refused" })]
    Call {
        /// Whether the role allows it.
        is_allowed: bool,
    },
    /// The pull request got the secret.
    #[error("the pull request must not get the secret")]
    Given,
    /// A refusal without a decision id.
    #[error("the refused job got no decision id")]
    NoDecision,
    /// A commit that did not go live.
    #[error("the commit did not take effect")]
    NoEffect,
}
