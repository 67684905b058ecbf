//! Why an original, or a part of it, is not imported: a policy would be wider, or would match nobody.

use super::pieces::PieceError;
use crate::identity::{Attribute, MappingError};
use crate::policy::error::PatternError;
use crate::words::names::{IssuerName, IssuerUrl, NameError};
use crate::words::yaml::{Fault, YAML_BYTES_MAX};

/// Why an original cannot be written as a policy.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// Its issuer is not clear.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// No lines express its conditions.
    #[error(transparent)]
    Lines(#[from] LinesError),
    /// A server would not read the file.
    #[error("the imported policy would have {bytes} bytes, and a file has at most {YAML_BYTES_MAX}")]
    TooLarge { bytes: usize },
    /// The policy that was written does not load.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// A policy that the import wrote and that does not load.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("the imported policy does not load: {}", .faults.iter().map(|fault| fault.message.to_string()).collect::<Vec<_>>().join("; "))]
pub(super) struct LoadError {
    pub(super) faults: Vec<Fault>,
}

/// Why the issuer of an original is not clear.
#[derive(Debug, thiserror::Error)]
pub(super) enum IssuerError {
    /// Its issuer is no URL.
    #[error("the issuer `{url}`: {fault}")]
    Url {
        url: String,
        #[source]
        fault: NameError,
    },
    /// The issuer that the caller named has another URL.
    #[error("the original is for {url}, and no configured issuer `{name}` has this URL")]
    Another { url: IssuerUrl, name: IssuerName },
    /// Several configured issuers have its URL.
    #[error("several issuers have the URL {url}; name one with --issuer")]
    Several { url: IssuerUrl },
    /// The names for its URL are those of other issuers.
    #[error("every name for {url} is that of another issuer in the configuration: add this one there")]
    Taken { url: IssuerUrl },
    /// Its URL yields no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No mapping reads its tokens.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// A condition that no line expresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum WantedError {
    /// A text that no pattern matches literally.
    #[error("{claim}: `{text}`: {reason}")]
    Exact {
        claim: String,
        text: String,
        #[source]
        reason: PieceError,
    },
    /// Two patterns that both have to match. In a line one of several patterns is enough.
    #[error("{claim}: two patterns both have to match, which no line expresses")]
    Both { claim: String },
    /// No value satisfies all conditions.
    #[error("{claim}: its conditions exclude each other, so nothing matches")]
    Exclusive { claim: String },
}

/// Conditions that no lines express.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum LinesError {
    /// The subject ends within a name.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// No word of a policy corresponds to theirs.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// Only the audience is bound, and a job chooses its audience.
    #[error(
        "nothing but the audience is bound, and audiences are left out here: every job of the issuer would get it; bind the subject or a claim too"
    )]
    AudienceAlone,
    /// A policy for a CI has to name events, and this CI has none of the usual ones.
    #[error("the original names no event, and this CI has none of the usual ones")]
    NoEvent,
}

/// A subject that would match nobody.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("sub: `{subject}` would match nobody, because `*` stays within the name: name the repositories")]
pub(super) struct SubjectError {
    /// As a pattern of the policy.
    pub(super) subject: String,
}

/// Words of a CI to which no word of a policy corresponds.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum WordsError {
    /// One of them is no pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// No word corresponds to any of them.
    #[error("no `{attribute}` of a policy corresponds to {}", .patterns.join(", "))]
    Unknown { attribute: Attribute, patterns: Vec<String> },
}
