//! The identity to which our own keys are encrypted, opened once at the start.

use crate::config::KeyEncryption;
use crate::custody::{self, Purpose};
use crate::secrets::Identities;
use crate::store::{OwnIssuer, Store};
use crate::words::Denial;
use crate::words::names::KmsKeyArn;

/// Opens it. With AWS KMS alone the first start makes one, and every other start only decrypts.
pub(super) async fn key_identities(setting: &KeyEncryption, store: &Store) -> Result<Identities, String> {
    match setting {
        KeyEncryption::Identity(file) => file.open(Purpose::KeyEncryption).await.map_err(|fault| fault.to_string()),
        KeyEncryption::AwsKms(key) => {
            let told = |denial: Denial| denial.cause;
            let opened = match store.wrapped_identity().await.map_err(told)? {
                Some(wrapped) => custody::unwrap(key, Purpose::KeyEncryption, &wrapped).await.map_err(|fault| fault.to_string()),
                None if store.keys(OwnIssuer::Clouds).await.map_err(told)?.is_empty() => make(key, store).await,
                None => return Err("the stored keys are encrypted to another identity: wrap its file with `daypass keys wrap --purpose key-encryption`, and name it as `key_encryption: { aws_kms, file }`".to_owned()),
            };
            let opened = opened.map_err(|fault| format!("the identity to which our keys are encrypted: {fault}"))?;
            Identities::parse(&opened).map_err(|fault| fault.to_string())
        }
    }
}

/// It is opened before it is kept: nothing is ever encrypted to what KMS would not give back.
async fn make(key: &KmsKeyArn, store: &Store) -> Result<crate::words::Secret, String> {
    let (identity, _) = Identities::generate();
    let wrapped = custody::wrap(key, Purpose::KeyEncryption, &identity).await.map_err(|fault| fault.to_string())?;
    let opened = custody::unwrap(key, Purpose::KeyEncryption, &wrapped).await.map_err(|fault| fault.to_string())?;
    store.keep_wrapped_identity(wrapped, key.clone()).await.map_err(|denial| denial.cause)?;
    Ok(opened)
}
