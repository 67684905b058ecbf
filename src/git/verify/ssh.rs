//! SSH signatures (PROTOCOL.sshsig of OpenSSH) by a listed key, by a security key that was touched, or by a certificate of a listed
//! authority.

use super::NAMESPACE;
use super::allowed_signers::AllowedSigner;
use super::error::SshFault;
use crate::words::UnixTime;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use signature::Verifier;
use ssh_key::certificate::CertType;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, Certificate, Fingerprint, HashAlg, PublicKey, Signature, SshSig};

/// A security key's signature ends with its flags and a counter of four bytes (PROTOCOL.u2f).
const SECURITY_KEY_TRAILER: usize = 5;
/// The flag of a key that was touched.
const TOUCHED: u8 = 0x01;

/// Finds the signer.
pub(super) fn signer(allowed: &[AllowedSigner], armored: &[u8], signed: &[u8], now: UnixTime) -> Result<String, SshFault> {
    let blob = unarmored(armored).ok_or(SshFault::Unreadable)?;
    let parts = Parts::read(&blob).ok_or(SshFault::Unreadable)?;
    if parts.namespace != NAMESPACE {
        return Err(SshFault::Namespace { namespace: parts.namespace.to_owned() });
    }
    let message = SshSig::signed_data(NAMESPACE, parts.hash, signed).map_err(SshFault::Data)?;
    match PublicKey::from_bytes(parts.key) {
        Ok(key) => {
            verify(key.key_data(), &message, &parts.signature)?;
            listed(allowed, key.key_data(), now)
        }
        Err(_) => {
            let certificate = Certificate::from_bytes(parts.key).map_err(SshFault::UnknownKey)?;
            verify(certificate.public_key(), &message, &parts.signature)?;
            certified(allowed, &certificate, now)
        }
    }
}

/// The parts of a signature. The library reads them too, but not if the key is a certificate.
struct Parts<'a> {
    key: &'a [u8],
    namespace: &'a str,
    hash: HashAlg,
    signature: Signature,
}

impl<'a> Parts<'a> {
    /// Reads `SSHSIG`, version 1, key, namespace, a reserved field, hash and signature. Nothing may follow.
    fn read(blob: &'a [u8]) -> Option<Self> {
        let rest = &mut blob.strip_prefix(b"SSHSIG\0\0\0\x01")?;
        let mut text = || {
            let (length, behind) = rest.split_first_chunk::<4>()?;
            let (text, behind) = behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            *rest = behind;
            Some(text)
        };
        let (key, namespace, _, hash, signature) = (text()?, text()?, text()?, text()?, text()?);
        let hash = std::str::from_utf8(hash).ok()?.parse().ok()?;
        let signature = Signature::try_from(signature).ok()?;
        rest.is_empty().then_some(Self { key, namespace: std::str::from_utf8(namespace).ok()?, hash, signature })
    }
}

fn unarmored(armored: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(armored).ok()?.trim();
    let body = text.strip_prefix("-----BEGIN SSH SIGNATURE-----")?.strip_suffix("-----END SSH SIGNATURE-----")?;
    BASE64.decode(body.split_whitespace().collect::<String>()).ok()
}

/// The principals of a listed key.
fn listed(allowed: &[AllowedSigner], key: &KeyData, now: UnixTime) -> Result<String, SshFault> {
    let lines: Vec<&AllowedSigner> = allowed.iter().filter(|line| !line.is_authority && line.key == *key).collect();
    let (is_listed, key) = (!lines.is_empty(), key.fingerprint(HashAlg::Sha256));
    let valid = lines.into_iter().find(|line| line.is_valid(now)).map(|line| line.principals.clone());
    valid.ok_or(if is_listed { SshFault::NotValid { key } } else { SshFault::NotListed { key } })
}

/// The allowed principal of a certificate that a listed authority signed.
fn certified(allowed: &[AllowedSigner], certificate: &Certificate, now: UnixTime) -> Result<String, SshFault> {
    let authority: Fingerprint = certificate.signature_key().fingerprint(HashAlg::Sha256);
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    certificate.validate_at(seconds, [&authority]).map_err(|_| SshFault::CertificateNotValid)?;
    if certificate.cert_type() != CertType::User || certificate.critical_options().iter().next().is_some() {
        return Err(SshFault::CertificateNotPlain);
    }
    let lines = allowed.iter().filter(|line| line.is_authority && line.key == *certificate.signature_key() && line.is_valid(now));
    let names = || certificate.valid_principals().iter();
    let name = lines.flat_map(|line| names().filter(|name| line.is_called(name))).next();
    let names = certificate.valid_principals().to_vec();
    name.cloned().ok_or(SshFault::CertificateNotListed { authority, names })
}

fn verify(key: &KeyData, message: &[u8], signature: &Signature) -> Result<(), SshFault> {
    if matches!(key, KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_)) {
        let bytes = signature.as_bytes();
        let flags = bytes.len().checked_sub(SECURITY_KEY_TRAILER).and_then(|at| bytes.get(at)).copied();
        if flags.is_none_or(|flags| flags & TOUCHED == 0) {
            return Err(SshFault::NotTouched);
        }
    }
    match (key, signature.algorithm()) {
        (KeyData::Rsa(rsa), Algorithm::Rsa { hash: Some(hash) }) => {
            let algorithm = if hash == HashAlg::Sha512 { &RSA_PKCS1_2048_8192_SHA512 } else { &RSA_PKCS1_2048_8192_SHA256 };
            let (n, e) = rsa.n.as_positive_bytes().zip(rsa.e.as_positive_bytes()).ok_or(SshFault::Wrong)?;
            RsaPublicKeyComponents { n, e }.verify(algorithm, message, signature.as_bytes()).map_err(|_| SshFault::Wrong)
        }
        (KeyData::Rsa(_), _) => Err(SshFault::RsaSha1),
        _ => key.verify(message, signature).map_err(|_| SshFault::Wrong),
    }
}
