//! Why a text names no target of a kind.

/// What is wrong with the text behind a kind's word, for kinds that need one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NamedError<E> {
    /// Nothing follows the kind's word.
    #[error("the line has no name")]
    NoName,
    /// The text is not valid for the kind.
    #[error(transparent)]
    Name(E),
}
