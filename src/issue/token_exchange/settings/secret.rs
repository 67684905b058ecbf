//! Recognizes secrets in plain text. They must not be in the configuration, because it is readable and faults quote its values.

/// Parts of the names of secret headers (RFC 9110, RFC 6265, and those of services: `x-api-key`, `x-auth-token`, `x-vault-token`).
const HEADERS: [&str; 11] =
    ["auth", "token", "key", "secret", "cookie", "password", "passwd", "credential", "session", "signature", "bearer"];
/// Parts of the names of secret fields, anywhere in the name.
const FIELDS: [&str; 7] = ["secret", "password", "passwd", "credential", "private", "api_key", "apikey"];
/// Ends of the names of secret fields (`refresh_token`, `client_assertion`). `subject_token_type` is not a secret.
const ENDINGS: [&str; 3] = ["token", "assertion", "_key"];
/// The beginning of a JWT.
const JWT: &str = "eyJ";

/// Whether a header of this name holds a secret.
pub(super) fn is_a_secrets_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    HEADERS.iter().any(|part| name.contains(part))
}

/// Whether a field of this name holds a secret.
pub(super) fn is_a_secrets_field(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    FIELDS.iter().any(|part| name.contains(part)) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a value holds a token, whatever its name is.
pub(super) fn is_a_token(value: &str) -> bool {
    value.split(' ').any(|word| word.starts_with(JWT))
}
