//! What is wrong with a name.

use super::NAME_BYTES_MAX;

/// Why a text is no name of its kind; the words say what was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// Of any kind.
    #[error("longer than {NAME_BYTES_MAX} bytes")]
    TooLong,
    /// What is compared byte for byte is seen as it is.
    #[error("expected visible ASCII characters and no space")]
    NotVisible,
    /// Of an issuer.
    #[error("an issuer is an https URL (http only on 127.0.0.1 and localhost)")]
    IssuerScheme,
    /// Of an issuer.
    #[error("an issuer URL names a host and no user")]
    IssuerHost,
    /// Of an issuer.
    #[error("an issuer URL has no query, fragment or dot segment")]
    IssuerPath,
    /// Of an issuer in the configuration, or of a source.
    #[error("expected up to 63 lower-case letters, digits and hyphens")]
    NoLabel,
    /// Of a policy, a row, a secret or a transit key.
    #[error("expected a relative path of letters, digits, `-`, `_` and `.`, with no segment that starts with a dot")]
    NoPath,
    /// Of a transit key.
    #[error("`{operation}` is an operation, and no part of a key's name")]
    Operation {
        /// The segment.
        operation: String,
    },
    /// Of an IAM role.
    #[error("expected arn:aws:iam::ACCOUNT:role/NAME")]
    NoRoleArn,
    /// Of an IAM role.
    #[error("a role's name has letters, digits and _+=,.@-/ only")]
    RoleName,
    /// Of a key of AWS KMS.
    #[error("expected arn:aws:kms:REGION:ACCOUNT:key/ID")]
    NoKmsKeyArn,
    /// Of a managed policy.
    #[error("expected arn:aws:iam::ACCOUNT:policy/NAME, or arn:aws:iam::aws:policy/NAME")]
    NoManagedPolicyArn,
    /// Of a commit.
    #[error("expected 40 hexadecimal digits")]
    NoCommit,
    /// Of a decision.
    #[error(transparent)]
    NoUuid(#[from] uuid::Error),
    /// Of a value of a secret.
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

/// A text that is no JSON pointer to a value below the root.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PointerError {
    /// RFC 6901, section 3; and a value below the root has a name.
    #[error("a key is a JSON pointer that starts with `/`: `#/{pointer}`")]
    NoSlash {
        /// What was given.
        pointer: String,
    },
    /// RFC 6901, section 3.
    #[error("in a JSON pointer `~0` stands for `~` and `~1` for `/`, and `~` for nothing else")]
    Tilde,
}
