//! OpenPGP signatures (RFC 9580): by a key of a configured file, or a subkey that it binds for signing.

use crate::words::UnixTime;
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, Tag, Timestamp};

/// Clocks of those who sign may run ahead by this much.
const AHEAD_SECONDS_MAX: i64 = 300;
/// A keyring of all people of a team; more is a mistake.
const KEYS_MAX: usize = 1000;

/// A public key with its subkeys, users and their self-signatures.
#[derive(Clone, Debug)]
pub(super) struct OpenPgpKey(SignedPublicKey);

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<OpenPgpKey>, String> {
    let told = |fault: pgp::errors::Error| format!("not an OpenPGP public key: {fault}");
    let armored = bytes.trim_ascii_start().starts_with(b"-----BEGIN");
    let keys = if armored {
        SignedPublicKey::from_armor_many(bytes).map_err(told)?.0
    } else {
        SignedPublicKey::from_bytes_many(bytes).map_err(told)?
    };
    let keys = keys.take(KEYS_MAX).map(|key| key.map(OpenPgpKey).map_err(told)).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err("the file holds no OpenPGP public key".to_owned()) } else { Ok(keys) }
}

/// Who signed.
pub(super) fn signer(keys: &[OpenPgpKey], armored: &[u8], signed: &[u8], now: UnixTime) -> Result<String, String> {
    let (detached, _) =
        DetachedSignature::from_armor_single(armored).map_err(|fault| format!("its signature cannot be read: {fault}"))?;
    let signature = &detached.signature;
    check_form(signature, now)?;
    let mut why = "no configured OpenPGP key made its signature".to_owned();
    for OpenPgpKey(key) in keys {
        if detached.verify(&key.primary_key, signed).is_ok() {
            match primary_may_sign(key, now) {
                Ok(()) => return Ok(name_of(key)),
                Err(fault) => why = format!("the key {} {fault}", key.primary_key.fingerprint()),
            }
        }
        for subkey in key.public_subkeys.iter().filter(|subkey| detached.verify(&subkey.key, signed).is_ok()) {
            match primary_is_good(key, now).and_then(|_| subkey_may_sign(key, subkey, now)) {
                Ok(()) => return Ok(name_of(key)),
                Err(fault) => why = format!("the key {} {fault}", subkey.key.fingerprint()),
            }
        }
    }
    Err(why)
}

/// Over bytes, by a hash that still binds, made before now and not past its own end.
fn check_form(signature: &Signature, now: UnixTime) -> Result<(), String> {
    let strong =
        [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512, HashAlgorithm::Sha3_256, HashAlgorithm::Sha3_512];
    if !signature.hash_alg().is_some_and(|hash| strong.contains(&hash)) {
        return Err("its signature is by a hash that no longer binds".to_owned());
    }
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
        return Err("its signature is not one over a document".to_owned());
    }
    let created = signature.created().ok_or("its signature does not say when it was made")?;
    if i64::from(created.as_secs()) > now.seconds() + AHEAD_SECONDS_MAX {
        return Err("its signature is of the future".to_owned());
    }
    if has_ended(created, signature.signature_expiration_time(), now) {
        return Err("its signature has expired".to_owned());
    }
    Ok(())
}

/// The newest good self-signature: what the key says of itself.
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

fn primary_is_good(key: &SignedPublicKey, now: UnixTime) -> Result<&Signature, String> {
    let primary = &key.primary_key;
    if key.details.revocation_signatures.iter().any(|revoked| revoked.verify_key(primary).is_ok()) {
        return Err("is revoked".to_owned());
    }
    let own = self_signature(key).ok_or("says nothing of itself")?;
    if has_ended(primary.created_at(), own.key_expiration_time(), now) {
        return Err("has expired".to_owned());
    }
    Ok(own)
}

fn primary_may_sign(key: &SignedPublicKey, now: UnixTime) -> Result<(), String> {
    let own = primary_is_good(key, now)?;
    if own.key_flags().sign() { Ok(()) } else { Err("is not one for signing".to_owned()) }
}

/// Bound by the primary key for signing, bound back by itself, not revoked and not past its end.
fn subkey_may_sign(key: &SignedPublicKey, subkey: &SignedPublicSubKey, now: UnixTime) -> Result<(), String> {
    let good = || subkey.signatures.iter().filter(|bound| bound.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok());
    if good().any(|bound| bound.typ() == Some(SignatureType::SubkeyRevocation)) {
        return Err("is revoked".to_owned());
    }
    let bindings = good().filter(|bound| bound.typ() == Some(SignatureType::SubkeyBinding));
    let binding =
        bindings.max_by_key(|bound| bound.created().map(Timestamp::as_secs)).ok_or("is not bound to its primary key")?;
    if has_ended(subkey.key.created_at(), binding.key_expiration_time(), now) {
        return Err("has expired".to_owned());
    }
    let back = binding.embedded_signature().filter(|back| back.verify_primary_key_binding(&subkey.key, &key.primary_key).is_ok());
    if !binding.key_flags().sign() || back.is_none() {
        return Err("is not one for signing".to_owned());
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
