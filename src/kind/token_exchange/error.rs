//! Why a text names no token of a service.
/// The most fields of a request. RFC 8693 has ten parameters, and a service adds some.
pub(super) const FIELDS_MAX: usize = 16;
/// The longest value. Lists of scopes are the longest that policies have.
pub(super) const VALUE_CHARS_MAX: usize = 512;

/// Why a text names no token of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenExchangeError {
    /// The service's name.
    #[error("a service's name has 1 to 64 lower-case letters, digits, `-` and `_`")]
    Service,
    /// Its fields.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Why a field of a request is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FieldError {
    /// Its name.
    #[error("a field's name has 1 to 64 letters, digits, `_`, `-` and `.`")]
    Name,
    /// Its value.
    #[error("a field's value has 1 to {VALUE_CHARS_MAX} printable characters")]
    Value,
    /// It appears twice.
    #[error("a field is named twice")]
    Twice,
    /// There are more than any service has.
    #[error("a request has {FIELDS_MAX} fields at most")]
    TooMany,
}
