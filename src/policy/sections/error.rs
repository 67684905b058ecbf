//! What is wrong with a value of `grant:`; where it stands, [`Fields`](crate::words::yaml::Fields) says.

use crate::policy::error::TemplateError;
use crate::words::DurationError;
use crate::words::names::NameError;
use std::time::Duration;

/// A time that no credential lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TtlError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// Too little, or too much.
    #[error("expected {} to {} minutes", .least.as_secs() / 60, .most.as_secs() / 60)]
    OutOfRange {
        /// The shortest.
        least: Duration,
        /// The longest.
        most: Duration,
    },
}

/// A time for which no secret is kept without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum OfflineError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// Too little, or too much.
    #[error("expected 5 seconds to 7 days")]
    OutOfRange,
}

/// An audience for which no token is made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AudienceError {
    /// A cloud would take the token.
    #[error("a token for this audience is a cloud credential: grant that instead")]
    Cloud,
    /// It is none.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// A claim that no policy adds to a token; it is told behind the claim's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ClaimError {
    /// Libraries act on it.
    #[error(
        "is registered with a meaning of its own (IANA, JSON Web Token Claims): choose a name of yours, such as `https://acme.example/team`"
    )]
    Registered,
    /// A cloud acts on it.
    #[error("is a name of a cloud's ({domain}): what it reads is granted as that cloud's credential")]
    Cloud {
        /// Below which the name is.
        domain: &'static str,
    },
}

/// A session tag that AWS refuses each time; it is told behind the tag's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TagError {
    /// By its value.
    #[error("longer than {most} characters")]
    TooLong {
        /// The longest.
        most: usize,
    },
    /// By its key or its value.
    #[error("outside of AWS's characters (letters, digits, spaces and _.:/=+-@)")]
    Characters,
}

/// A session's name that AWS refuses each time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum SessionNameError {
    /// What is put in is not there.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// By its characters.
    #[error("a session's name has letters, digits and _+=,.@- only")]
    Characters,
    /// By their number.
    #[error("a session's name has {least} to {most} characters")]
    Length {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
}

/// An external id that AWS takes from nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an external id has 2 to 1,224 letters, digits and _+=,.@:/-")]
pub(super) struct ExternalIdError;
