//! `transit`: uses of transit keys, each one operation with one key. The Vault API requests them. Policies grant them like
//! credentials, and they are never given out.

use super::{Committed, Kind, Maker, NamedError, TreeFile, named};
use crate::words::Digest;
use crate::words::names::{NameError, TransitKey};
use std::fmt;

/// What is done with a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operation {
    /// Plaintext in, ciphertext out.
    Encrypt,
    /// Ciphertext in, plaintext out.
    Decrypt,
}

impl Operation {
    /// Both operations.
    pub const ALL: [Self; 2] = [Self::Encrypt, Self::Decrypt];

    /// Its word in a policy and in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
        }
    }

    /// The operation of this word.
    pub fn parse(word: &str) -> Result<Self, OperationError> {
        Self::ALL.into_iter().find(|one| one.as_str() == word).ok_or(OperationError)
    }
}

/// A word is not an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected `encrypt` or `decrypt`")]
pub struct OperationError;

/// Why a text is not a use of a key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TransitError {
    /// It has too few words, or too many.
    #[error("expected an operation and a key, such as `decrypt flux`")]
    Form,
    /// The first word.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// The second one.
    #[error(transparent)]
    Key(#[from] NameError),
    /// The third one.
    #[error("the input's digest is no SHA-256")]
    Input,
    /// A question has an input, though it is about every input.
    #[error("expected an operation and a key, and no input's digest")]
    NamesInput,
}

/// One operation with one key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TransitUse {
    /// What is done.
    pub operation: Operation,
    /// The key.
    pub key: TransitKey,
    /// The digest of the input, so that two ciphertexts are two different credentials of a token. Policies do not match it.
    pub input: Option<Digest>,
}

impl TransitUse {
    /// Reads `decrypt flux`, with the input's digest behind it if there is one.
    pub fn parse(text: &str) -> Result<Self, TransitError> {
        let words: Vec<&str> = text.split(' ').collect();
        let (operation, key, input) = match words[..] {
            [operation, key] => (operation, key, None),
            [operation, key, input] => (operation, key, Some(Digest::parse(input).ok_or(TransitError::Input)?)),
            _ => return Err(TransitError::Form),
        };
        Ok(Self { operation: Operation::parse(operation)?, key: TransitKey::parse(key)?, input })
    }

    /// Both operations with this key, for every input.
    pub fn of_key(key: &TransitKey) -> impl Iterator<Item = Self> {
        Operation::ALL.into_iter().map(|operation| Self { operation, key: key.clone(), input: None })
    }
}

impl Kind for TransitUse {
    const EXAMPLE: Option<&'static str> = Some("decrypt KEY");
    const MADE: Maker = Maker::Never;

    type Error = NamedError<TransitError>;

    fn read(text: Option<&str>) -> Result<Self, Self::Error> {
        named(text, Self::parse)
    }

    fn question(text: &str) -> Result<Self, Self::Error> {
        let parsed = named(Some(text), Self::parse)?;
        if parsed.input.is_some() { Err(NamedError::Name(TransitError::NamesInput)) } else { Ok(parsed) }
    }

    /// A secret's key may have a space too, but its text has a `#`.
    fn looks_like(text: &str) -> bool {
        text.contains(' ') && !text.contains('#')
    }

    fn for_policies(self) -> Self {
        Self { input: None, ..self }
    }

    fn committed(&self) -> Option<Committed<'_>> {
        Some(Committed::Current(TreeFile::TransitKey(&self.key)))
    }
}

impl fmt::Display for TransitUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation.as_str(), self.key)?;
        self.input.map_or(Ok(()), |input| write!(f, " {input}"))
    }
}
