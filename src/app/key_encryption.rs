//! The identity to which our own keys are encrypted, opened once at the start.

use super::error::KeyEncryptionError;
use crate::config::KeyEncryption;
use crate::custody::{self, Purpose};
use crate::secrets::Identities;
use crate::store::{OwnIssuer, Store};
use crate::words::names::KmsKeyArn;

/// Opens the identity. With AWS KMS alone, the first start makes one, and later starts only decrypt it.
pub(super) async fn key_identities(setting: &KeyEncryption, store: &Store) -> Result<Identities, KeyEncryptionError> {
    match setting {
        KeyEncryption::Identity(file) => Ok(file.open(Purpose::KeyEncryption).await?),
        KeyEncryption::AwsKms(key) => {
            let opened = match store.wrapped_identity().await? {
                Some(wrapped) => custody::unwrap(key, Purpose::KeyEncryption, &wrapped).await.map_err(KeyEncryptionError::Kms)?,
                None if store.keys(OwnIssuer::Clouds).await?.is_empty() => make(key, store).await?,
                None => return Err(KeyEncryptionError::Other),
            };
            Ok(Identities::parse(&opened)?)
        }
    }
}

/// Makes an identity, and unwraps it before it is stored: nothing is ever encrypted to an identity that KMS does not return.
async fn make(key: &KmsKeyArn, store: &Store) -> Result<crate::words::Secret, KeyEncryptionError> {
    let (identity, _) = Identities::generate();
    let wrapped = custody::wrap(key, Purpose::KeyEncryption, &identity).await.map_err(KeyEncryptionError::Kms)?;
    let opened = custody::unwrap(key, Purpose::KeyEncryption, &wrapped).await.map_err(KeyEncryptionError::Kms)?;
    store.keep_wrapped_identity(wrapped, key.clone()).await.map_err(KeyEncryptionError::NotKept)?;
    Ok(opened)
}
