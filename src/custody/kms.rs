//! Identity files under a key of AWS KMS (API reference: Encrypt, Decrypt; developer guide, "Encryption context").
//!
//! KMS is asked with the machine's own AWS credentials, as the AWS SDK finds them, in the region that the key's ARN names.

mod error;
mod sign;

pub use error::KmsError;
pub use sign::sign;

use super::{AnswerLimit, Purpose};
use crate::words::names::KmsKeyArn;
use crate::words::{Secret, is_within};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::Builder;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::primitives::Blob;
use std::collections::HashMap;
use std::time::Duration;

/// All tries of one call: a start that waits longer seems to hang.
const CALL_MAX: Duration = Duration::from_secs(10);
/// One try.
const TRY_MAX: Duration = Duration::from_secs(4);
/// The first try, and two for throttling and resets.
const TRIES_MAX: u32 = 3;
/// AWS KMS: Encrypt takes at most 4,096 bytes under a symmetric key.
const PLAINTEXT_BYTES_MAX: usize = 4096;
/// AWS KMS: a ciphertext blob has at most 6,144 bytes.
const BLOB_BYTES_MAX: usize = 6144;
/// A blob in base64, with its key's ARN.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Enough for a sentence of AWS's with its ARNs.
const CAUSE_CHARS_MAX: usize = 300;

/// Wraps an identity file for this purpose.
pub async fn wrap(key: &KmsKeyArn, purpose: Purpose, file: &Secret) -> Result<Vec<u8>, KmsError> {
    if file.expose().len() > PLAINTEXT_BYTES_MAX {
        return Err(KmsError::TooLong);
    }
    let call = client(key).await.encrypt().key_id(key.as_str()).set_encryption_context(Some(context(purpose)));
    let answer = call
        .plaintext(Blob::new(file.expose()))
        .send()
        .await
        .map_err(|fault| KmsError::of(fault, "Encrypt", key, Some(purpose), Some(file)))?;
    let blob = answer.ciphertext_blob.map(|blob| Secret::new(blob.into_inner()));
    let blob = blob.filter(|blob| is_ciphertext(blob, file)).ok_or(KmsError::Without { what: "ciphertext" })?;
    Ok(blob.expose().to_vec())
}

/// Whether it can be a ciphertext of this plaintext. An endpoint that gives the plaintext back would have it written to a file that counts
/// as safe.
fn is_ciphertext(blob: &Secret, plaintext: &Secret) -> bool {
    (1..=BLOB_BYTES_MAX).contains(&blob.expose().len()) && !is_within(plaintext, blob) && !is_within(blob, plaintext)
}

/// Unwraps an identity file, if this key wrapped it for this purpose.
pub async fn unwrap(key: &KmsKeyArn, purpose: Purpose, blob: &[u8]) -> Result<Secret, KmsError> {
    if blob.is_empty() || blob.len() > BLOB_BYTES_MAX {
        return Err(KmsError::NoBlob);
    }
    let call = client(key).await.decrypt().key_id(key.as_str()).set_encryption_context(Some(context(purpose)));
    let answer = call.ciphertext_blob(Blob::new(blob)).send().await;
    let answer = answer.map_err(|fault| KmsError::of(fault, "Decrypt", key, Some(purpose), None))?;
    let plaintext = answer.plaintext.map(|blob| Secret::new(blob.into_inner())).ok_or(KmsError::Without { what: "plaintext" })?;
    // KMS refuses a blob of any key but the named one. An endpoint that used another key cannot be trusted.
    match answer.key_id {
        Some(used) if key.is_alias() || used == key.as_str() => Ok(plaintext),
        used => Err(KmsError::ByAnother { used: used.and_then(|used| KmsKeyArn::parse(&used).ok()), key: key.clone() }),
    }
}

/// The encryption context: AWS CloudTrail shows it in the clear, and the ciphertext authenticates it.
fn context(purpose: Purpose) -> HashMap<String, String> {
    [("application", "daypass"), ("purpose", purpose.as_str())].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

async fn client(key: &KmsKeyArn) -> Client {
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_MAX).operation_attempt_timeout(TRY_MAX).build();
    let retries = RetryConfig::standard().with_max_attempts(TRIES_MAX);
    let defaults = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(key.region().to_owned()));
    let shared = defaults.timeout_config(timeouts).retry_config(retries).load().await;
    Client::from_conf(Builder::from(&shared).interceptor(AnswerLimit(ANSWER_BYTES_MAX)).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_message_ends_with_the_key() {
        let key = KmsKeyArn::parse("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab").unwrap();
        let of = |words: &str| KmsError::Service { code: "no code".into(), key: key.clone(), words: words.into() }.to_string();
        assert_eq!(of(""), format!("AWS KMS answered no code for {key}"));
        assert_eq!(of("Wait."), format!("AWS KMS answered no code for {key}: Wait."));
    }

    #[test]
    fn a_plaintext_is_no_ciphertext() {
        let file = Secret::from("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQ\n".to_owned());
        let is_taken = |blob: &[u8]| is_ciphertext(&Secret::new(blob.to_vec()), &file);
        assert!(is_taken(&[7; 200]) && is_taken(&[7; BLOB_BYTES_MAX]));
        assert!(!is_taken(&[]) && !is_taken(&[7; BLOB_BYTES_MAX + 1]));
        assert!(!is_taken(file.expose()) && !is_taken(&[&[7; 30], file.expose()].concat()) && !is_taken(&file.expose()[..20]));
    }
}
