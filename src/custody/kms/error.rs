//! Why AWS KMS does not wrap or open an identity file, or does not sign.

use super::super::Purpose;
use super::{BLOB_BYTES_MAX, CAUSE_CHARS_MAX, PLAINTEXT_BYTES_MAX};
use crate::words::names::KmsKeyArn;
use crate::words::{Secret, error_code, repeats, root_cause};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use std::error::Error;

/// Why not. No variant holds a byte of the file.
#[derive(Debug, thiserror::Error)]
pub enum KmsError {
    /// The file is longer than Encrypt takes.
    #[error("AWS KMS wraps at most {PLAINTEXT_BYTES_MAX} bytes: split the file")]
    TooLong,
    /// The file is empty, or longer than any ciphertext blob.
    #[error("not a ciphertext of AWS KMS, which has 1 to {BLOB_BYTES_MAX} bytes (`daypass keys wrap` makes one)")]
    NoBlob,
    /// An answer without its result.
    #[error("AWS KMS answered without a {what}")]
    Without {
        /// What it lacks.
        what: &'static str,
    },
    /// An endpoint that used another key than the requested one.
    #[error("it was wrapped by {}, and not by {key}", .used.as_ref().map_or("another key", KmsKeyArn::as_str))]
    ByAnother {
        /// The key that the endpoint says it used, if it names one.
        used: Option<KmsKeyArn>,
        /// The requested key.
        key: KmsKeyArn,
    },
    /// No answer of AWS KMS.
    #[error("no answer from AWS KMS about {key}: {}", root_cause(.fault.as_ref()))]
    NotAsked {
        /// The key.
        key: KmsKeyArn,
        /// What the AWS SDK says.
        #[source]
        fault: Box<dyn Error + Send + Sync>,
    },
    /// AWS KMS: `InvalidCiphertextException`.
    #[error(
        "AWS KMS does not open it with {key}: it is damaged, or was wrapped by another key or for another purpose than {}",
        .purpose.as_str()
    )]
    Closed {
        /// The key.
        key: KmsKeyArn,
        /// The purpose for which it should open.
        purpose: Purpose,
    },
    /// AWS KMS: `IncorrectKeyException`.
    #[error("it was wrapped by another key than {key}")]
    OtherKey {
        /// The key.
        key: KmsKeyArn,
    },
    /// AWS KMS: `AccessDeniedException`.
    #[error("AWS KMS does not let this machine's role use kms:{operation} with {key}{}", behind_colon(.words))]
    Refused {
        /// Such as `Decrypt`.
        operation: &'static str,
        /// The key.
        key: KmsKeyArn,
        /// AWS's own message, cut short. Empty if there is none.
        words: String,
    },
    /// Any other error.
    #[error("AWS KMS answered {code} for {key}{}", behind_colon(.words))]
    Service {
        /// AWS's own code, if it has the form of one.
        code: String,
        /// The key.
        key: KmsKeyArn,
        /// AWS's own message, cut short. Empty if there is none.
        words: String,
    },
}

fn behind_colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

impl KmsError {
    /// AWS's own message is left out if it repeats a part of what the call presented.
    pub(super) fn of<E>(
        fault: SdkError<E>,
        operation: &'static str,
        key: &KmsKeyArn,
        purpose: Option<Purpose>,
        presented: Option<&Secret>,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let key = key.clone();
        let SdkError::ServiceError(service) = &fault else {
            return Self::NotAsked { key, fault: fault.into() };
        };
        let error = service.err();
        let words: String = error.message().unwrap_or_default().chars().take(CAUSE_CHARS_MAX).collect();
        let words = if presented.is_some_and(|secret| repeats(&words, secret)) { String::new() } else { words };
        match (error.code().and_then(error_code).unwrap_or("no code"), purpose) {
            ("InvalidCiphertextException", Some(purpose)) => Self::Closed { key, purpose },
            ("IncorrectKeyException", _) => Self::OtherKey { key },
            ("AccessDeniedException", _) => Self::Refused { operation, key, words },
            (code, _) => Self::Service { code: code.to_owned(), key, words },
        }
    }
}
