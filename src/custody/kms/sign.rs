//! Signatures by a private key that never leaves AWS KMS (API reference: Sign).

use super::{KmsError, client};
use crate::words::names::KmsKeyArn;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};

/// RS256 (RFC 7518, section 3.3) over these bytes; AWS KMS takes at most 4,096.
pub async fn sign(key: &KmsKeyArn, input: &[u8]) -> Result<Vec<u8>, KmsError> {
    let call = client(key).await.sign().key_id(key.as_str()).message(Blob::new(input)).message_type(MessageType::Raw);
    let call = call.signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256);
    let answer = call.send().await.map_err(|fault| KmsError::of(fault, "Sign", key, None, None))?;
    answer.signature.map(Blob::into_inner).ok_or(KmsError::Without { what: "signature" })
}
