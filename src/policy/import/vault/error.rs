//! Why a role of Vault's or OpenBao's is not imported.

use super::hcl::HclError;
use crate::policy::import::error::WantedError;
use crate::policy::import::members::MemberError;
use crate::policy::import::pieces::PieceError;

/// A role that says what a policy of ours does not, or that nobody can read as a whole.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum VaultError {
    /// A file of the export is no answer of Vault's, or has a member that is not known.
    #[error(transparent)]
    Members(#[from] MemberError),
    /// A file that is needed is not there.
    #[error("{file} is missing: `{command}` prints it")]
    Missing {
        /// Which.
        file: String,
        /// What prints it.
        command: String,
    },
    /// A member that no policy says.
    #[error("`{member}`: {why}")]
    Field {
        /// Which.
        member: &'static str,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// A bound claim that no line says.
    #[error("`bound_claims`, {claim}: {reason}")]
    Claim {
        /// Which claim.
        claim: String,
        /// Why not.
        #[source]
        reason: ClaimError,
    },
    /// Two conditions on one claim.
    #[error(transparent)]
    Wanted(#[from] WantedError),
    /// A policy that is no policy of Vault's.
    #[error("{file}: {fault}")]
    Policy {
        /// In which file.
        file: String,
        /// What is wrong.
        #[source]
        fault: HclError,
    },
    /// Paths that no list of documents says.
    #[error(transparent)]
    Acl(#[from] AclError),
    /// Nothing is granted.
    #[error("its policies let nothing be read below `{mount}/data/`; another mount is named by --mount")]
    Nothing {
        /// The mount.
        mount: String,
    },
}

/// Why no line says a bound claim.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum ClaimError {
    /// Nothing fits it.
    #[error("no value, which nothing matches")]
    NoValue,
    /// A value of another type.
    #[error("expected texts, whole numbers, true or false, or a list of them")]
    Type,
    /// A number that Vault compares otherwise.
    #[error(
        "`{number}`: Vault cuts off what is behind the point and beyond 53 bits, and a policy compares exactly: write the policy by hand"
    )]
    Number {
        /// As it is written.
        number: String,
    },
    /// The empty text.
    #[error("the empty text, which no line matches")]
    Empty,
    /// It is found by a pointer that is none.
    #[error("no JSON pointer (RFC 6901)")]
    Pointer,
    /// No pattern says one of its texts.
    #[error("`{text}`: {reason}")]
    Piece {
        /// The text.
        text: String,
        /// Why not.
        #[source]
        reason: PieceError,
    },
}

/// Why no list of documents says what policies let be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum AclError {
    /// Part of what a path grants is taken away by another.
    #[error(
        "`{path}` grants, and `{above}` counts before it and does not: a grant here only adds. Name the folders that are meant in \
         Vault's policy, or write the policy by hand with a guardrail for the rest"
    )]
    TakenAway {
        /// What grants.
        path: String,
        /// What takes away.
        above: String,
    },
    /// A path with something beside its capabilities.
    #[error("`{path}`: `{key}` takes something away that no policy here says: leave it out, or write the policy by hand")]
    Beside {
        /// Which.
        path: String,
        /// What stands there.
        key: String,
    },
    /// A path that is filled in by whoever asks.
    #[error("`{path}` is filled in from who logs in: write a policy for each, or one with `for_each`")]
    Template {
        /// Which.
        path: String,
    },
    /// A name that no document here has.
    #[error(
        "`{path}`: no document here is called `{segment}`: letters, digits and `-_.`, and no dot first; a star within a path stands for itself in Vault"
    )]
    Name {
        /// Which.
        path: String,
        /// The part of it.
        segment: String,
    },
}
