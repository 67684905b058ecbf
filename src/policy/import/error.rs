//! Why an original, or a part of it, is not imported. Only something wider could say it, or nothing would match.

use super::pieces::PieceError;
use crate::identity::{Attribute, MappingError};
use crate::policy::error::PatternError;
use crate::words::names::{IssuerName, IssuerUrl, NameError};
use crate::words::yaml::Fault;

/// Why no policy of ours says it.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// Nobody knows whom it trusts.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// No lines say it.
    #[error(transparent)]
    Lines(#[from] LinesError),
    /// What was written is no policy.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// A policy that was written here, and is none.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("it would not load: {}", .faults.iter().map(|fault| fault.message.to_string()).collect::<Vec<_>>().join("; "))]
pub(super) struct LoadError {
    /// What keeps it from loading.
    pub(super) faults: Vec<Fault>,
}

/// Why nobody knows whom an original trusts.
#[derive(Debug, thiserror::Error)]
pub(super) enum IssuerError {
    /// Its issuer is none.
    #[error("the issuer `{url}`: {fault}")]
    Url {
        /// What it names.
        url: String,
        /// What is wrong with it.
        #[source]
        fault: NameError,
    },
    /// Its issuer is another one than was asked for.
    #[error("the original is for {url}, and no issuer `{name}` of this URL is configured")]
    Another {
        /// What it names.
        url: IssuerUrl,
        /// What was asked for.
        name: IssuerName,
    },
    /// More than one is configured.
    #[error("several issuers have the URL {url}; say which by --issuer")]
    Several {
        /// What it names.
        url: IssuerUrl,
    },
    /// No name is to be made of its URL.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No mapping reads its tokens.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// A condition that no line says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum WantedError {
    /// A text that no pattern means as it stands.
    #[error("{claim}: `{text}`: {reason}")]
    Exact {
        /// Of which claim.
        claim: String,
        /// The text.
        text: String,
        /// Why not.
        #[source]
        reason: PieceError,
    },
    /// A line has one pattern, or several of which one is enough.
    #[error("{claim}: two patterns that have to hold both, which one line cannot say")]
    Both {
        /// Of which claim.
        claim: String,
    },
    /// Nothing holds them all.
    #[error("{claim}: its conditions exclude each other, so nothing matches")]
    Exclusive {
        /// Of which claim.
        claim: String,
    },
}

/// Conditions that no lines say.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum LinesError {
    /// The subject ends within a name.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// Their words are none of ours.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// Jobs choose their audience.
    #[error(
        "nothing but the audience is bound, and audiences are left out here: every job of the issuer would get it; bind the subject or a claim too"
    )]
    AudienceAlone,
    /// A policy for a CI names its events.
    #[error("the original names no event, and none that is usually meant is one of this CI")]
    NoEvent,
}

/// A subject that would match nobody.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("sub: as `{subject}` it would match nobody, for `*` stays within the name: name the repositories")]
pub(super) struct SubjectError {
    /// As a pattern of ours.
    pub(super) subject: String,
}

/// Words of a CI that are none of ours.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum WordsError {
    /// One of them is no pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// None of them is known.
    #[error("no `{attribute}` here is any of {}", .patterns.join(", "))]
    Unknown {
        /// What they say.
        attribute: Attribute,
        /// What was to be matched.
        patterns: Vec<String>,
    },
}
