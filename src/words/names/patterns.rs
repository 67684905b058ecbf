//! The patterns of names for JSON Schema. A test compares them with the parsers.

/// The longest label: labels are DNS labels.
pub const LABEL_BYTES_MAX: usize = 63;
/// The name of an issuer or of a source.
pub const LABEL: &str = "^[a-z0-9][a-z0-9-]*$";
/// Segments that are not empty and do not start with a dot: the name of a policy, a row, a secret's document or a transit key.
pub const PATH: &str = "^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$";
/// A document, or one value of it.
pub const SECRET_NAME: &str =
    "^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*(#/([^~\\u0000-\\u001f\\u007f-\\u009f]|~[01])*)?$";
/// An IAM role: its path, and its name of up to 64 characters.
pub const ROLE_ARN: &str = "^arn:aws[a-z-]*:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@/-]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}$";
/// Whom a token is for.
pub const AUDIENCE: &str = "^[!-~]+$";
/// A commit.
pub const COMMIT: &str = "^([0-9a-f]{40}|[0-9a-f]{64})$";
