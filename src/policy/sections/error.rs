//! Errors in a value of `grant:`. [`Fields`](crate::words::yaml::Fields) adds the place.

use crate::policy::error::TemplateError;
use crate::words::DurationError;
use crate::words::names::NameError;
use std::time::Duration;

/// A lifetime that no credential can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TtlError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// It is too short or too long.
    #[error("expected {} to {} minutes", .least.as_secs() / 60, .most.as_secs() / 60)]
    OutOfRange {
        /// The shortest.
        least: Duration,
        /// The longest.
        most: Duration,
    },
}

/// A time for which no secret may be kept without an answer of the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum OfflineError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// It is too short or too long.
    #[error("expected 5 seconds to 7 days")]
    OutOfRange,
}

/// An audience for which no token is made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AudienceError {
    /// A cloud would accept the token.
    #[error("a token for this audience is a cloud credential: grant that instead")]
    Cloud,
    /// It is no valid audience.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// A claim that no policy may add to a token. The message follows the claim's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ClaimError {
    /// It is registered, and libraries act on it.
    #[error(
        "is registered with a meaning of its own (IANA, JSON Web Token Claims): choose a name of yours, such as `https://acme.example/team`"
    )]
    Registered,
    /// A cloud acts on it.
    #[error("belongs to a cloud ({domain}): grant that cloud's credential instead")]
    Cloud {
        /// The cloud's domain.
        domain: &'static str,
    },
}

/// A session tag that AWS refuses. The message follows the tag's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TagError {
    /// Its value is too long.
    #[error("longer than {most} characters")]
    TooLong {
        /// The longest.
        most: usize,
    },
    /// Its key or its value has other characters.
    #[error("outside of AWS's characters (letters, digits, spaces and _.:/=+-@)")]
    Characters,
}

/// A session's name that AWS refuses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum SessionNameError {
    /// It is no template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It has other characters.
    #[error("a session's name has letters, digits and _+=,.@- only")]
    Characters,
    /// It is too short or too long.
    #[error("a session's name has {least} to {most} characters")]
    Length {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
}

/// An external id that AWS refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an external id has 2 to 1,224 letters, digits and _+=,.@:/-")]
pub(super) struct ExternalIdError;
