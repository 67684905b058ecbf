//! Why a text names nothing of a kind.

/// What is wrong with the text behind a kind's word, for kinds that are nothing without one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NamedError<E> {
    /// The word stands alone.
    #[error("the line has no name")]
    NoName,
    /// It is none of the kind.
    #[error(transparent)]
    Name(E),
}
