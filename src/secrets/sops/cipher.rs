//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, AES-256-GCM with a nonce of 32 bytes.

use crate::words::Secret;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// SOPS's nonce is as long as its key, which most AES-GCM implementations do not offer.
type Cipher = AesGcm<Aes256, aes_gcm::aead::consts::U32>;

const NONCE_BYTES: usize = 32;
/// GCM's own tag length.
const TAG_BYTES: usize = 16;

/// The key of one file's values.
pub(super) struct DataKey(Cipher);

impl DataKey {
    /// Takes the 32 bytes.
    pub(super) fn new(bytes: &Secret) -> Result<Self, String> {
        Cipher::new_from_slice(bytes.expose()).map(Self).map_err(|_| "the data key is not 32 bytes long".to_owned())
    }

    /// A fresh key, and its bytes for the recipients.
    pub(super) fn generate() -> Result<(Self, Secret), String> {
        let bytes = Secret::new(random::<32>()?.to_vec());
        Ok((Self::new(&bytes)?, bytes))
    }

    /// Encrypts one value at its path.
    pub(super) fn encrypt(&self, plain: &str, path: &str, kind: &str) -> Result<String, String> {
        let nonce = random::<NONCE_BYTES>()?;
        let payload = Payload { msg: plain.as_bytes(), aad: path.as_bytes() };
        let sealed = self.0.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| "a value could not be encrypted")?;
        let (data, tag) = sealed.split_at(sealed.len() - TAG_BYTES);
        let [data, iv, tag] = [data, &nonce, tag].map(|part| STANDARD.encode(part));
        Ok(format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]"))
    }

    /// Decrypts one value at its path; the path is authenticated with it.
    pub(super) fn decrypt(&self, text: &str, path: &str) -> Result<Value, String> {
        let malformed = || format!("the value at `{path}` is not encrypted as SOPS does");
        let body = text.strip_prefix("ENC[AES256_GCM,").and_then(|rest| rest.strip_suffix(']')).ok_or_else(malformed)?;
        let mut fields = body.split(',').map(|field| field.split_once(':').unwrap_or((field, "")));
        let mut field =
            |name: &str| fields.next().filter(|(found, _)| *found == name).map(|(_, value)| value).ok_or_else(malformed);
        let (data, nonce, tag, kind) = (field("data")?, field("iv")?, field("tag")?, field("type")?);
        let nonce: [u8; NONCE_BYTES] = decode_array(nonce).ok_or_else(malformed)?;
        let tag: [u8; TAG_BYTES] = decode_array(tag).ok_or_else(malformed)?;
        let mut sealed = Vec::with_capacity(data.len() + TAG_BYTES);
        STANDARD.decode_vec(data, &mut sealed).map_err(|_| malformed())?;
        sealed.extend(tag);
        let payload = Payload { msg: &sealed, aad: path.as_bytes() };
        let plain = self
            .0
            .decrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| format!("the value at `{path}` does not decrypt: it was changed or moved"))?;
        let plain = String::from_utf8(plain).map_err(|_| format!("the value at `{path}` is not text"))?;
        typed(plain, kind).ok_or_else(|| format!("the value at `{path}` is no `{kind}`"))
    }
}

/// Exactly so many bytes.
fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Base64 decodes into room for whole groups of three.
    let mut bytes = [0; 66];
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    bytes[..length].try_into().ok()
}

fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "the system gives no randomness")?;
    Ok(bytes)
}

fn typed(plain: String, kind: &str) -> Option<Value> {
    match kind {
        "str" | "bytes" | "comment" | "time" => Some(Value::String(plain)),
        "int" => plain.parse::<i64>().ok().map(Value::from),
        "float" => plain.parse::<f64>().ok().map(float),
        "bool" => plain.to_ascii_lowercase().parse::<bool>().ok().map(Value::from),
        _ => None,
    }
}

/// SOPS writes a JSON `7` as a float and reads it back as `7`.
fn float(number: f64) -> Value {
    /// Beyond it a float does not hold every whole number (IEEE 754).
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < WHOLE_MAX { Value::from(number as i64) } else { Value::from(number) }
}
