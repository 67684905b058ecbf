//! Why a text asks for no token of a service.

/// RFC 8693 has ten parameters; a service adds some of its own.
pub(super) const FIELDS_MAX: usize = 16;
/// A list of scopes; nothing that a policy names is longer.
pub(super) const VALUE_CHARS_MAX: usize = 512;

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenExchangeError {
    /// The service's name.
    #[error("a service is called by 1 to 64 lower-case letters, digits, `-` and `_`")]
    Service,
    /// Its fields.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Why something is no field of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FieldError {
    /// Its name.
    #[error("a field is called by 1 to 64 letters, digits, `_`, `-` and `.`")]
    Name,
    /// Its value.
    #[error("a field's value has 1 to {VALUE_CHARS_MAX} characters that print")]
    Value,
    /// It is said already.
    #[error("a field is named twice")]
    Twice,
    /// No service has so many.
    #[error("a request has {FIELDS_MAX} fields at most")]
    TooMany,
}
