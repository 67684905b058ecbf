//! What a verified proof proves.

use super::super::PossessionError;
use super::ProofError;
use crate::words::{Denial, Digest, Reason, UnixTime};

/// What a caller proves in addition to its token. A greater value proves more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Possession {
    /// Nothing: the caller has only the token.
    Nothing,
    /// Possession of the token's key, for this method and address, as in RFC 9449.
    Key,
    /// Possession of the token's key, for exactly this request: its query and its body too.
    Request,
}

impl Possession {
    /// A policy's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "not required",
            Self::Key => "standard",
            Self::Request => "required",
        }
    }

    /// What a policy requires with this word.
    pub fn parse(word: &str) -> Result<Self, PossessionError> {
        let found = [Self::Key, Self::Request].into_iter().find(|one| one.as_str() == word);
        found.ok_or(PossessionError)
    }
}

/// A verified proof.
#[derive(Clone, Debug)]
pub struct VerifiedProof {
    pub(super) thumbprint: String,
    pub(super) id: Digest,
    pub(super) kept_until: UnixTime,
    pub(super) possession: Possession,
    pub(super) unread: Option<Digest>,
}

impl VerifiedProof {
    /// Its key's thumbprint.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The digest of its key and its `jti`, which identifies it.
    pub const fn id(&self) -> &Digest {
        &self.id
    }

    /// Until when it has to be remembered as used.
    pub const fn kept_until(&self) -> UnixTime {
        self.kept_until
    }

    /// How much it proves.
    pub const fn possession(&self) -> Possession {
        self.possession
    }

    /// Whether it covers a body that was not compared yet.
    pub const fn awaits_body(&self) -> bool {
        self.unread.is_some()
    }

    /// Compares a body that was read after the proof was checked.
    pub fn check_body(&self, body: &[u8]) -> Result<(), Denial> {
        match self.unread {
            Some(digest) if digest != Digest::plain(body) => Err(Reason::ProofInvalid.with_cause(ProofError::OtherBody)),
            Some(_) | None => Ok(()),
        }
    }
}
