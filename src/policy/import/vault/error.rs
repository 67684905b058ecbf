//! Why a role of Vault's or OpenBao's is not imported.

use super::hcl::HclError;
use crate::policy::import::error::WantedError;
use crate::policy::import::members::MemberError;
use crate::policy::import::pieces::PieceError;

/// Why a role does not become a policy.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum VaultError {
    /// A file is no answer of Vault's, or has an unknown member.
    #[error(transparent)]
    Members(#[from] MemberError),
    /// A file that is needed is missing.
    #[error("{file} is missing: `{command}` prints it")]
    Missing { file: String, command: String },
    /// A member that no policy expresses.
    #[error("`{member}`: {why}")]
    Field { member: &'static str, why: &'static str },
    /// A bound claim that no line expresses.
    #[error("`bound_claims`, {claim}: {reason}")]
    Claim {
        claim: String,
        #[source]
        reason: ClaimError,
    },
    /// Conditions that no line expresses.
    #[error(transparent)]
    Wanted(#[from] WantedError),
    /// A policy that is no policy of Vault's.
    #[error("{file}: {fault}")]
    Policy {
        file: String,
        #[source]
        fault: HclError,
    },
    /// Paths that no list of documents expresses.
    #[error(transparent)]
    Acl(#[from] AclError),
    /// Its policies grant no document of the mount.
    #[error("its policies let nothing be read below `{mount}/data/`; name another mount with --mount")]
    Nothing { mount: String },
}

/// Why no line expresses a bound claim.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum ClaimError {
    /// It lists no value.
    #[error("no value, so nothing matches")]
    NoValue,
    /// A value of another type.
    #[error("expected texts, whole numbers, true or false, or a list of them")]
    Type,
    /// A number that Vault does not compare exactly.
    #[error(
        "`{number}`: Vault cuts off what is behind the point and beyond 53 bits, but a policy compares exactly: write the policy by hand"
    )]
    Number { number: String },
    /// The empty text.
    #[error("the empty text, which no line matches")]
    Empty,
    /// Its name begins like a JSON pointer, and is none.
    #[error("no JSON pointer (RFC 6901)")]
    Pointer,
    /// No pattern expresses one of its texts.
    #[error("`{text}`: {reason}")]
    Piece {
        text: String,
        #[source]
        reason: PieceError,
    },
}

/// Why no list of documents expresses what policies let a token read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum AclError {
    /// A path takes away a part of what another one grants.
    #[error(
        "`{path}` grants, but `{above}` counts before it and does not, and a grant here only adds. Name the folders that you mean in \
         Vault's policy, or write the policy by hand with a guardrail for the rest"
    )]
    TakenAway {
        /// The path that grants.
        path: String,
        /// The path that counts before it.
        above: String,
    },
    /// A path with further keys beside its capabilities.
    #[error("`{path}`: `{key}` restricts it in a way that no policy expresses: leave it out, or write the policy by hand")]
    Beside { path: String, key: String },
    /// A path that Vault fills in from the identity that logs in.
    #[error("`{path}` is filled in from who logs in: write a policy for each, or one with `for_each`")]
    Template { path: String },
    /// A name that no document here has.
    #[error(
        "`{path}`: no document here is called `{segment}`: letters, digits and `-_.`, and no dot first; a star within a path stands for itself in Vault"
    )]
    Name {
        path: String,
        /// The part of it that is no name.
        segment: String,
    },
}
