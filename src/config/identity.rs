//! Where the configuration says that age identities are kept: `file`, `{ aws_kms: ARN, file }` or `{ credential: name }`.

use super::files::{self, ConfigFolders, Files, Kind};
use crate::custody::IdentityFile;
use crate::words::names::KmsKeyArn;
use crate::words::yaml::{Fields, Node, Yaml};

/// The identity to which the server encrypts its own keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyEncryption {
    /// One that is kept outside of the store.
    Identity(IdentityFile),
    /// One that the server makes. The store keeps it wrapped by AWS KMS.
    AwsKms(KmsKeyArn),
}

/// `key_encryption: { age_identity: FILE }`, `{ credential: NAME }`, `{ aws_kms: ARN }` or `{ aws_kms: ARN, file: FILE }`.
pub(super) fn key_encryption(fields: &mut Fields<'_, '_>, base: &ConfigFolders<'_>) -> Option<KeyEncryption> {
    let node = fields.required("key_encryption")?;
    let mut inner = fields.below(node);
    let files = Files::Beside(base);
    let plain =
        inner.optional("age_identity").map(|node| files.private(&mut inner, node, Kind::AgeIdentity).map(IdentityFile::Plain));
    let credential = inner.optional("credential").map(|node| credential(&mut inner, node, base));
    let key = inner.optional("aws_kms").map(|node| inner.parsed(node, KmsKeyArn::parse));
    let file = inner.optional("file").map(|node| files.path(&mut inner, node, Kind::AgeIdentity));
    inner.finish();
    match (plain, credential, key, file) {
        (Some(identity), None, None, None) | (None, Some(identity), None, None) => identity.map(KeyEncryption::Identity),
        (None, None, Some(key), None) => key.map(KeyEncryption::AwsKms),
        (None, None, Some(key), Some(file)) => Some(KeyEncryption::Identity(IdentityFile::Wrapped(key?, file?))),
        _ => {
            fields.fault(node.place, "expected one of `age_identity`, `credential` and `aws_kms`; `file` goes with `aws_kms`");
            None
        }
    }
}

/// One entry of `age_identities`. systemd's credentials are the server's own: a further source cannot name them.
pub(super) fn file<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, files: &Files<'_>) -> Option<IdentityFile> {
    if !matches!(node.value, Yaml::Mapping(_)) {
        return files.private(fields, node, Kind::AgeIdentity).map(IdentityFile::Plain);
    }
    let mut inner = fields.below(node);
    if let Files::Beside(base) = files
        && let Some(node) = inner.optional("credential")
    {
        let found = credential(&mut inner, node, base);
        inner.finish();
        return found;
    }
    let key = inner.required("aws_kms").and_then(|node| inner.parsed(node, KmsKeyArn::parse));
    let file = inner.required("file").and_then(|node| files.path(&mut inner, node, Kind::AgeIdentity));
    inner.finish();
    Some(IdentityFile::Wrapped(key?, file?))
}

/// A credential of this service.
fn credential<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, base: &ConfigFolders<'_>) -> Option<IdentityFile> {
    files::credential(fields, node, base).map(|(name, folder)| IdentityFile::Credential(name, folder))
}
