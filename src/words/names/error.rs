//! What is wrong with a name.

use super::NAME_BYTES_MAX;
use crate::words::without_secrets;

/// Why a text is not a name of its kind. The message says what was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// A name of any kind.
    #[error("longer than {NAME_BYTES_MAX} bytes")]
    TooLong,
    /// A token, a private key or a URL's user in the place of a name, which would stand in records. It is not repeated.
    #[error("this looks like a token, a private key or an address with a user, and is no name: it is refused, and not repeated")]
    Secret,
    /// A name that is compared byte for byte has visible characters only.
    #[error("expected visible ASCII characters and no space")]
    NotVisible,
    /// An issuer's scheme.
    #[error("an issuer is an https URL (http only on 127.0.0.1 and localhost)")]
    IssuerScheme,
    /// An issuer's host.
    #[error("an issuer URL names a host and no user")]
    IssuerHost,
    /// An issuer's path.
    #[error("an issuer URL has no query, fragment or dot segment")]
    IssuerPath,
    /// The name of an issuer in the configuration, or of a source.
    #[error("expected up to 63 lower-case letters, digits and hyphens")]
    NoLabel,
    /// The name of a policy, a row, a secret or a transit key.
    #[error("expected a relative path of letters, digits, `-`, `_` and `.`, with no segment that starts with a dot")]
    NoPath,
    /// The name of a transit key.
    #[error("`{operation}` is an operation and cannot be a part of a key's name")]
    Operation {
        /// The segment.
        operation: String,
    },
    /// The ARN of an IAM role.
    #[error("expected arn:aws:iam::ACCOUNT:role/NAME")]
    NoRoleArn,
    /// The name of an IAM role.
    #[error("a role's name has 1 to 64 letters, digits and _+=,.@- behind its path, which has up to 510 of them and `/`")]
    RoleName,
    /// The ARN of a key of AWS KMS.
    #[error("expected arn:aws:kms:REGION:ACCOUNT:key/ID")]
    NoKmsKeyArn,
    /// The ARN of a managed policy.
    #[error("expected arn:aws:iam::ACCOUNT:policy/NAME, or arn:aws:iam::aws:policy/NAME")]
    NoManagedPolicyArn,
    /// The id of a commit.
    #[error("expected 40 hexadecimal digits")]
    NoCommit,
    /// The id of a decision.
    #[error(transparent)]
    NoUuid(#[from] uuid::Error),
    /// The key of a secret's value.
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

/// Why a text is not a JSON pointer to a value below the root.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PointerError {
    /// RFC 6901, section 3. The empty pointer, which is the root, is refused too.
    #[error("a key is a JSON pointer that starts with `/`: `#/{}`", without_secrets(.pointer))]
    NoSlash {
        /// What was given.
        pointer: String,
    },
    /// RFC 6901, section 3.
    #[error("in a JSON pointer every `~` is followed by `0` or `1`: write `~0` for `~` and `~1` for `/`")]
    Tilde,
    /// A token or a private key in the place of a key.
    #[error("this looks like a token or a private key, and is no key: it is refused, and not repeated")]
    Secret,
}
