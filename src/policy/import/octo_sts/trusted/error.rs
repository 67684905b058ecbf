//! Why an account does not permit an issuer, or why that is not known.

use crate::policy::import::octo_sts::texts::OTHER_LINE_BREAK;
use crate::words::yaml::Fault;

/// An issuer that the account's file keeps out.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum UntrustedError {
    /// It is not listed.
    #[error("{file} does not permit the issuer {issuer}")]
    Refused { file: String, issuer: String },
    /// The file is not understood.
    #[error("which issuers {file} permits is not known: {reason}")]
    Unknown {
        file: String,
        #[source]
        reason: ListError,
    },
}

/// Why it is not known which issuers a file permits. octo-sts permits none where the file is wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub(in crate::policy) enum ListError {
    /// It cannot be read.
    #[error("{reason}")]
    Unread { reason: String },
    /// It is no YAML, or has other keys and values.
    #[error("line {}: {}", .0.place.line, .0.message)]
    Yaml(Box<Fault>),
    /// A comment ends, and a value begins, at different places.
    #[error("{OTHER_LINE_BREAK}")]
    LineBreak,
    /// A mode that octo-sts does not know.
    #[error("`mode: {mode}`: expected enforce or audit")]
    Mode { mode: String },
    /// It lists nothing.
    #[error("it lists no issuer")]
    Empty,
    /// It lists too many.
    #[error("it has more entries than octo-sts takes")]
    TooMany,
    /// An issuer that no token has.
    #[error("`{issuer}` is no issuer")]
    Issuer { issuer: String },
    /// A pattern that octo-sts may refuse or read otherwise.
    #[error("`{pattern}`: only literals, classes without `/`, groups, alternatives and repetitions are read here")]
    Pattern { pattern: String },
}
