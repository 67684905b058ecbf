//! What would be a secret in plain text: the configuration is readable, and its values are told in faults.

/// What such headers are called by (RFC 9110, RFC 6265, and what services add: `x-api-key`, `x-auth-token`, `x-vault-token`).
const HEADERS: [&str; 11] =
    ["auth", "token", "key", "secret", "cookie", "password", "passwd", "credential", "session", "signature", "bearer"];
/// What such fields are called by, wherever it stands in the name.
const FIELDS: [&str; 7] = ["secret", "password", "passwd", "credential", "private", "api_key", "apikey"];
/// And at the name's end (`refresh_token`, `client_assertion`); `subject_token_type` names a kind.
const ENDINGS: [&str; 3] = ["token", "assertion", "_key"];
/// With what a JWT begins.
const JWT: &str = "eyJ";

/// Whether a header of this name bears a secret.
pub(super) fn is_a_secrets_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    HEADERS.iter().any(|part| name.contains(part))
}

/// Whether a field of this name does.
pub(super) fn is_a_secrets_field(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    FIELDS.iter().any(|part| name.contains(part)) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a value is a token, whatever it is called.
pub(super) fn is_a_token(value: &str) -> bool {
    value.split(' ').any(|word| word.starts_with(JWT))
}
