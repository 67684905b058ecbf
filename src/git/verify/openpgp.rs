//! OpenPGP signatures (RFC 9580) by a key of a configured file, or by a subkey that it binds for signing.

use super::error::{OpenPgpFault, OpenPgpKeyFault, SignersError};
use crate::words::UnixTime;
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, Tag, Timestamp};

/// How much a signer's clock may be ahead.
const AHEAD_SECONDS_MAX: i64 = 300;
/// The most keys of a file. A keyring of a team has fewer.
const KEYS_MAX: usize = 1000;

/// A public key with its subkeys, users and their self-signatures.
#[derive(Clone, Debug)]
pub(super) struct OpenPgpKey(SignedPublicKey);

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<OpenPgpKey>, SignersError> {
    let armored = bytes.trim_ascii_start().starts_with(b"-----BEGIN");
    let keys = if armored {
        SignedPublicKey::from_armor_many(bytes).map_err(SignersError::NoOpenPgpKey)?.0
    } else {
        SignedPublicKey::from_bytes_many(bytes).map_err(SignersError::NoOpenPgpKey)?
    };
    let keys =
        keys.take(KEYS_MAX).map(|key| key.map(OpenPgpKey).map_err(SignersError::NoOpenPgpKey)).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(SignersError::NoKeys) } else { Ok(keys) }
}

/// Finds the signer.
pub(super) fn signer(keys: &[OpenPgpKey], armored: &[u8], signed: &[u8], now: UnixTime) -> Result<String, OpenPgpFault> {
    let (detached, _) = DetachedSignature::from_armor_single(armored).map_err(OpenPgpFault::Unreadable)?;
    let signature = &detached.signature;
    check_form(signature, now)?;
    let mut why = OpenPgpFault::UnknownKey;
    for OpenPgpKey(key) in keys {
        if detached.verify(&key.primary_key, signed).is_ok() {
            match primary_may_sign(key, now) {
                Ok(()) => return Ok(name_of(key)),
                Err(fault) => why = OpenPgpFault::Key { key: key.primary_key.fingerprint(), fault },
            }
        }
        for subkey in key.public_subkeys.iter().filter(|subkey| detached.verify(&subkey.key, signed).is_ok()) {
            match primary_is_good(key, now).and_then(|_| subkey_may_sign(key, subkey, now)) {
                Ok(()) => return Ok(name_of(key)),
                Err(fault) => why = OpenPgpFault::Key { key: subkey.key.fingerprint(), fault },
            }
        }
    }
    Err(why)
}

/// Checks that it signs a document, uses a strong hash, was made before now and has not expired.
fn check_form(signature: &Signature, now: UnixTime) -> Result<(), OpenPgpFault> {
    let strong =
        [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512, HashAlgorithm::Sha3_256, HashAlgorithm::Sha3_512];
    if !signature.hash_alg().is_some_and(|hash| strong.contains(&hash)) {
        return Err(OpenPgpFault::WeakHash);
    }
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
        return Err(OpenPgpFault::NotOverDocument);
    }
    let created = signature.created().ok_or(OpenPgpFault::NoTime)?;
    if i64::from(created.as_secs()) > now.seconds() + AHEAD_SECONDS_MAX {
        return Err(OpenPgpFault::OfTheFuture);
    }
    if has_ended(created, signature.signature_expiration_time(), now) {
        return Err(OpenPgpFault::Expired);
    }
    Ok(())
}

/// The newest valid self-signature, which holds the key's flags and its expiration.
fn self_signature(key: &SignedPublicKey) -> Option<&Signature> {
    let primary = &key.primary_key;
    let direct = key.details.direct_signatures.iter().filter(|direct| direct.verify_key(primary).is_ok());
    let users = key.details.users.iter().flat_map(|user| {
        user.signatures
            .iter()
            .filter(|own| own.is_certification() && own.verify_certification(primary, Tag::UserId, &user.id).is_ok())
    });
    direct.chain(users).max_by_key(|own| own.created().map(Timestamp::as_secs))
}

fn primary_is_good(key: &SignedPublicKey, now: UnixTime) -> Result<&Signature, OpenPgpKeyFault> {
    let primary = &key.primary_key;
    if key.details.revocation_signatures.iter().any(|revoked| revoked.verify_key(primary).is_ok()) {
        return Err(OpenPgpKeyFault::Revoked);
    }
    let own = self_signature(key).ok_or(OpenPgpKeyFault::Silent)?;
    if has_ended(primary.created_at(), own.key_expiration_time(), now) {
        return Err(OpenPgpKeyFault::Expired);
    }
    Ok(own)
}

fn primary_may_sign(key: &SignedPublicKey, now: UnixTime) -> Result<(), OpenPgpKeyFault> {
    let own = primary_is_good(key, now)?;
    if own.key_flags().sign() { Ok(()) } else { Err(OpenPgpKeyFault::NotForSigning) }
}

/// Checks that the primary key binds the subkey for signing, that the subkey confirms it, and that it is neither revoked nor expired.
fn subkey_may_sign(key: &SignedPublicKey, subkey: &SignedPublicSubKey, now: UnixTime) -> Result<(), OpenPgpKeyFault> {
    let good = || subkey.signatures.iter().filter(|bound| bound.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok());
    if good().any(|bound| bound.typ() == Some(SignatureType::SubkeyRevocation)) {
        return Err(OpenPgpKeyFault::Revoked);
    }
    let bindings = good().filter(|bound| bound.typ() == Some(SignatureType::SubkeyBinding));
    let binding = bindings.max_by_key(|bound| bound.created().map(Timestamp::as_secs)).ok_or(OpenPgpKeyFault::NotBound)?;
    if has_ended(subkey.key.created_at(), binding.key_expiration_time(), now) {
        return Err(OpenPgpKeyFault::Expired);
    }
    let back = binding.embedded_signature().filter(|back| back.verify_primary_key_binding(&subkey.key, &key.primary_key).is_ok());
    if !binding.key_flags().sign() || back.is_none() {
        return Err(OpenPgpKeyFault::NotForSigning);
    }
    Ok(())
}

fn has_ended(start: Timestamp, lasting: Option<pgp::types::Duration>, now: UnixTime) -> bool {
    let lasting = lasting.map(pgp::types::Duration::as_secs).filter(|seconds| *seconds > 0);
    lasting.is_some_and(|seconds| now.seconds() >= i64::from(start.as_secs()) + i64::from(seconds))
}

fn name_of(key: &SignedPublicKey) -> String {
    let user = key.details.users.first().map(|user| String::from_utf8_lossy(user.id.id()).into_owned());
    user.unwrap_or_else(|| key.primary_key.fingerprint().to_string())
}
