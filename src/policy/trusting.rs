//! Clouds and services that are set up with single subjects, and that accept only some subjects.

/// A cloud's or service's entity that trusts single subjects of our tokens.
pub(super) struct SubjectTrust {
    /// Its name for people. Entries with the same name share their subjects.
    pub(super) by: String,
    /// How many subjects it can trust, if there is a limit.
    pub(super) most: Option<usize>,
    /// Whether it accepts this subject.
    pub(super) takes: fn(&str) -> Result<(), SubjectError>,
    /// The section whose entities all accept a token of ours with the subject: its holder has what each of them gives to the subject.
    pub(super) among: &'static str,
    /// Whether the holder of the credential gets such a token, or an equivalent.
    pub(super) gives_token: bool,
}

/// Why a subject is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum SubjectError {
    /// It has capitals, which people mistype, and the other side compares byte for byte.
    #[error(
        "has capitals, which are easily mistyped where subjects are compared byte for byte: write the names of policies and rows in lower case"
    )]
    Capitals,
    /// It is longer than the other side's limit.
    #[error("has more than {0} bytes: choose a shorter name")]
    TooLong(usize),
}
