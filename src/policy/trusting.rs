//! Who outside knows our users by their subjects one by one, and takes only some.

/// Somebody who is told subjects.
pub(super) struct Trusting {
    /// As people call it: one of them for each entry that is told to the same.
    pub(super) by: String,
    /// How many subjects it can be told, if there is a bound.
    pub(super) most: Option<usize>,
    /// Whether it takes this one.
    pub(super) takes: fn(&str) -> Result<(), SubjectError>,
    /// Among whom a token of ours with the subject counts: whoever holds one has what each of them gives to it.
    pub(super) among: &'static str,
    /// Whether the holder of the credential gets such a token, or what is as good.
    pub(super) gives_token: bool,
}

/// Why a subject is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum SubjectError {
    /// Who compares byte by byte is told capitals wrongly.
    #[error(
        "has capitals, which are compared there byte for byte and mistyped here: write the names of policies and rows in lower case"
    )]
    Capitals,
    /// The other side's bound.
    #[error("has more than {0} bytes: choose a shorter name")]
    TooLong(usize),
}
