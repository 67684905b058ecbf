//! What a proof that holds says.

use super::super::PossessionError;
use super::ProofError;
use crate::words::{Denial, Digest, Reason, UnixTime};

/// What whoever shows a token proves beside it; what is greater proves more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Possession {
    /// Nothing: the token is all there is.
    Nothing,
    /// The token's key, for this method and address: what RFC 9449 has.
    Key,
    /// The token's key, for exactly this request: its query and its body too.
    Request,
}

impl Possession {
    /// The word by which a policy wants it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "not required",
            Self::Key => "standard",
            Self::Request => "required",
        }
    }

    /// What a policy wants by this word.
    pub fn parse(word: &str) -> Result<Self, PossessionError> {
        let found = [Self::Key, Self::Request].into_iter().find(|one| one.as_str() == word);
        found.ok_or(PossessionError)
    }
}

/// A proof that holds.
#[derive(Clone, Debug)]
pub struct Proven {
    pub(super) thumbprint: String,
    pub(super) id: Digest,
    pub(super) kept_until: UnixTime,
    pub(super) possession: Possession,
    pub(super) unread: Option<Digest>,
}

impl Proven {
    /// Its key's thumbprint.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// By what it is known again: its key and its `jti`.
    pub const fn id(&self) -> &Digest {
        &self.id
    }

    /// Until when it has to be known as used.
    pub const fn kept_until(&self) -> UnixTime {
        self.kept_until
    }

    /// How much it proves.
    pub const fn possession(&self) -> Possession {
        self.possession
    }

    /// Whether it was made for a body that nobody has compared yet.
    pub const fn awaits_body(&self) -> bool {
        self.unread.is_some()
    }

    /// Compares a body that was read after the proof was checked.
    pub fn check_body(&self, body: &[u8]) -> Result<(), Denial> {
        match self.unread {
            Some(digest) if digest != Digest::plain(body) => Err(Reason::ProofInvalid.because(ProofError::OtherBody)),
            Some(_) | None => Ok(()),
        }
    }
}
