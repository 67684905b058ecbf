//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, AES-256-GCM with a nonce of 32 bytes.

use super::error::CipherError;
use crate::words::Secret;
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce, Tag};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// SOPS's nonce is as long as its key; most AES-GCM implementations do not support that.
type Cipher = AesGcm<Aes256, aes_gcm::aead::consts::U32>;

const NONCE_BYTES: usize = 32;
/// GCM's own tag length.
const TAG_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
/// The types of encrypted values that SOPS knows. A comment is one of them.
const KINDS: [&str; 7] = ["str", "int", "float", "bool", "bytes", "time", "comment"];

/// The key that encrypts the values of one file.
pub(super) struct DataKey {
    cipher: Cipher,
    bytes: Secret,
}

impl DataKey {
    /// Makes a key of 32 bytes. Other lengths are refused.
    pub(super) fn new(bytes: Secret) -> Result<Self, CipherError> {
        let cipher = Cipher::new_from_slice(bytes.expose()).map_err(|_| CipherError::KeyLength)?;
        Ok(Self { cipher, bytes })
    }

    /// A fresh key.
    pub(super) fn generate() -> Result<Self, CipherError> {
        Self::new(Secret::new(random::<KEY_BYTES>()?.to_vec()))
    }

    /// The bytes of the key, to wrap them for recipients.
    pub(super) const fn bytes(&self) -> &Secret {
        &self.bytes
    }

    /// Encrypts one value at its path.
    pub(super) fn encrypt(&self, plain: &[u8], path: &str, kind: &str) -> Result<String, CipherError> {
        let nonce = random::<NONCE_BYTES>()?;
        let mut data = plain.to_vec();
        let tag = self
            .cipher
            .encrypt_in_place_detached(Nonce::from_slice(&nonce), path.as_bytes(), &mut data)
            .map_err(|_| CipherError::Encrypt)?;
        let [data, iv, tag] = [&data[..], &nonce, &tag].map(|part| STANDARD.encode(part));
        Ok(format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]"))
    }

    /// Decrypts one value and authenticates its path. Also returns the name of its type.
    pub(super) fn decrypt<'a>(&self, text: &'a str, path: &str) -> Result<(&'a str, Secret), CipherError> {
        let sealed = Sealed::parse(text).ok_or_else(|| CipherError::Malformed { path: path.to_owned() })?;
        let Sealed { mut data, nonce, tag, kind } = sealed;
        // In place: no second buffer holds the plaintext.
        self.cipher
            .decrypt_in_place_detached(Nonce::from_slice(&nonce), path.as_bytes(), &mut data, Tag::from_slice(&tag))
            .map_err(|_| CipherError::Changed { path: path.to_owned() })?;
        Ok((kind, Secret::new(data)))
    }
}

/// An encrypted value as it is written.
struct Sealed<'a> {
    data: Vec<u8>,
    nonce: [u8; NONCE_BYTES],
    tag: [u8; TAG_BYTES],
    kind: &'a str,
}

impl<'a> Sealed<'a> {
    /// Reads the four fields. A further field is refused, because nothing would authenticate it.
    fn parse(text: &'a str) -> Option<Self> {
        let body = text.strip_prefix("ENC[AES256_GCM,")?.strip_suffix(']')?;
        let mut fields = body.split(',').map(|field| field.split_once(':').unwrap_or((field, "")));
        let mut field = |name: &str| fields.next().filter(|(found, _)| *found == name).map(|(_, value)| value);
        let (data, nonce, tag, kind) = (field("data")?, field("iv")?, field("tag")?, field("type")?);
        let data = STANDARD.decode(data).ok()?;
        let (nonce, tag) = (decode_array(nonce)?, decode_array(tag)?);
        fields.next().is_none().then_some(Self { data, nonce, tag, kind })
    }
}

/// Whether a text has the complete form of an encrypted value. Only the key can tell whether it is one.
pub(super) fn is_ciphertext(text: &str) -> bool {
    Sealed::parse(text).is_some_and(|sealed| KINDS.contains(&sealed.kind))
}

/// Whether a text claims to be an encrypted value.
pub(super) fn is_sealed(text: &str) -> bool {
    text.starts_with("ENC[AES256_GCM,") && text.ends_with(']')
}

/// Decodes exactly `N` bytes.
fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    // The decoder needs room for whole groups of three bytes.
    let mut bytes = [0; 66];
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    bytes[..length].try_into().ok()
}

fn random<const N: usize>() -> Result<[u8; N], CipherError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| CipherError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_at_its_own_path_only_and_not_when_changed() {
        let key = DataKey::generate().unwrap();
        let sealed = key.encrypt(b"hunter2", "a:b:", "str").unwrap();
        let (kind, plain) = key.decrypt(&sealed, "a:b:").unwrap();
        assert_eq!((kind, plain.expose()), ("str", &b"hunter2"[..]));
        let changes = [
            sealed.replacen("data:", "data:AA", 1),
            sealed.replacen(",iv:", ",iv:AA", 1),
            sealed.replacen("tag:", "tag:AAAA", 1),
            sealed.replace(",type:", ",kind:"),
            sealed.replace(",type:str]", ",type:str,note:hunter2]"),
            sealed.replace("AES256_GCM", "AES128_GCM"),
            sealed[..sealed.len() - 1].to_owned(),
        ];
        for changed in changes {
            let fault = key.decrypt(&changed, "a:b:").unwrap_err();
            assert!(!fault.to_string().contains("hunter2"));
        }
        assert_eq!(key.decrypt(&sealed, "a:c:").unwrap_err(), CipherError::Changed { path: "a:c:".to_owned() });
        assert!(DataKey::generate().unwrap().decrypt(&sealed, "a:b:").is_err());
        assert!(DataKey::new(Secret::new(vec![1; 31])).is_err());
    }
}
