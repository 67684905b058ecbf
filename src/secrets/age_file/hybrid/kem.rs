//! MLKEM768-X25519, also X-Wing (draft-ietf-hpke-pq, draft-connolly-cfrg-xwing-kem), under HPKE's base mode with HKDF-SHA256 and
//! ChaCha20Poly1305 (RFC 9180). A shared secret seals one message.

use crate::secrets::age_file::stanza::{ephemeral, private_key, public_key, x25519};
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA3_256};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_768};
use aws_lc_rs::{agreement, hmac};
use ml_kem::{EncodedSizeUser, KemCore, MlKem768};
use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use zeroize::Zeroizing;

pub(super) const SEED_BYTES: usize = 32;
/// FIPS 203, table 3: ML-KEM-768's encapsulation key and ciphertext; a public key of X25519 follows each.
const ML_KEM_PUBLIC_BYTES: usize = 1184;
const ML_KEM_CIPHERTEXT_BYTES: usize = 1088;
pub(super) const PUBLIC_BYTES: usize = ML_KEM_PUBLIC_BYTES + 32;
pub(super) const ENCAPSULATED_BYTES: usize = ML_KEM_CIPHERTEXT_BYTES + 32;

/// X-Wing's label, which is drawn as an X and a wing.
const COMBINER: &[u8] = br"\.//^\";
/// `HPKE`, the KEM's id 0x647a, HKDF-SHA256 (1), ChaCha20Poly1305 (3).
const SUITE: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";
/// RFC 9180, section 5.1.
const MODE_BASE: u8 = 0;

/// A private key, expanded from its seed.
pub(super) struct PrivateKey {
    quantum: DecapsulationKey,
    classic: agreement::PrivateKey,
    public: [u8; PUBLIC_BYTES],
}

impl PrivateKey {
    /// Expands the seed: 64 bytes for ML-KEM (FIPS 203, `KeyGen_internal`), 32 for X25519.
    pub(super) fn from_seed(seed: &[u8; SEED_BYTES]) -> Result<Self, Unspecified> {
        let mut unfolded = Zeroizing::new([0; 96]);
        let mut shake = Shake256::default();
        shake.update(seed);
        shake.finalize_xof().read(&mut *unfolded);
        let (d, rest) = unfolded.split_first_chunk::<32>().ok_or(Unspecified)?;
        let (z, classic) = rest.split_first_chunk::<32>().ok_or(Unspecified)?;
        let (private, public) = MlKem768::generate_deterministic(&(*d).into(), &(*z).into());
        let private = Zeroizing::new(private.as_bytes().to_vec());
        let quantum = DecapsulationKey::new(&ML_KEM_768, &private).map_err(|_| Unspecified)?;
        let classic = private_key(classic)?;
        let public = [&public.as_bytes()[..], &public_key(&classic)?].concat().try_into().map_err(|_| Unspecified)?;
        Ok(Self { quantum, classic, public })
    }

    pub(super) fn public(&self) -> &[u8; PUBLIC_BYTES] {
        &self.public
    }

    /// The secret that this key shares with the sender of these bytes. ML-KEM returns a secret for any bytes; X25519 refuses a share of
    /// low order.
    pub(super) fn decapsulate(&self, encapsulated: &[u8; ENCAPSULATED_BYTES]) -> Result<Shared, Unspecified> {
        let (ciphertext, share) = encapsulated.split_at(ML_KEM_CIPHERTEXT_BYTES);
        let quantum = self.quantum.decapsulate(Ciphertext::from(ciphertext))?;
        let classic = x25519(&self.classic, share)?;
        Ok(Shared::combine(quantum.as_ref(), &*classic, share, &self.public[ML_KEM_PUBLIC_BYTES..]))
    }
}

/// Makes a fresh secret that is shared with the holder of a public key.
pub(super) fn encapsulate(public: &[u8; PUBLIC_BYTES]) -> Result<([u8; ENCAPSULATED_BYTES], Shared), Unspecified> {
    let (quantum, classic) = public.split_at(ML_KEM_PUBLIC_BYTES);
    let (ciphertext, secret) = EncapsulationKey::new(&ML_KEM_768, quantum).map_err(|_| Unspecified)?.encapsulate()?;
    let own = ephemeral()?;
    let share = public_key(&own)?;
    let shared = Shared::combine(secret.as_ref(), &*x25519(&own, classic)?, &share, classic);
    let encapsulated = [ciphertext.as_ref(), &share].concat().try_into().map_err(|_| Unspecified)?;
    Ok((encapsulated, shared))
}

/// A secret that sender and recipient share.
pub(super) struct Shared(Zeroizing<Vec<u8>>);

impl Shared {
    fn combine(quantum: &[u8], classic: &[u8], share: &[u8], public: &[u8]) -> Self {
        let mut context = Context::new(&SHA3_256);
        [quantum, classic, share, public, COMBINER].iter().for_each(|part| context.update(part));
        Self(Zeroizing::new(context.finish().as_ref().to_vec()))
    }

    /// HPKE's `SealBase` with empty additional data.
    pub(super) fn seal(&self, info: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let (key, nonce) = self.schedule(info)?;
        let mut sealed = plaintext.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)?;
        Ok(sealed)
    }

    /// HPKE's `OpenBase`, in place.
    pub(super) fn open<'a>(&self, info: &[u8], sealed: &'a mut [u8]) -> Result<&'a [u8], Unspecified> {
        let (key, nonce) = self.schedule(info)?;
        key.open_in_place(nonce, Aad::empty(), sealed).map(|plaintext| &*plaintext)
    }

    /// The key schedule of RFC 9180, section 5.1, without a pre-shared key; the first message's nonce is the base nonce.
    fn schedule(&self, info: &[u8]) -> Result<(LessSafeKey, Nonce), Unspecified> {
        let psk_id = extract(b"", b"psk_id_hash", b"");
        let info = extract(b"", b"info_hash", info);
        let context = [&[MODE_BASE], psk_id.as_ref(), info.as_ref()].concat();
        let secret = extract(&self.0, b"secret", b"");
        let key = expand(secret.as_ref(), b"key", &context, 32);
        let nonce = expand(secret.as_ref(), b"base_nonce", &context, NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&nonce.as_ref()[..NONCE_LEN])?;
        Ok((LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key.as_ref())?), nonce))
    }
}

/// `LabeledExtract`. HKDF's extract is one HMAC (RFC 5869).
fn extract(salt: &[u8], label: &[u8], key: &[u8]) -> hmac::Tag {
    let labeled = Zeroizing::new([b"HPKE-v1", SUITE, label, key].concat());
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), &labeled)
}

/// `LabeledExpand` to at most 32 bytes: for so many, HKDF's expand is one HMAC too.
fn expand(secret: &[u8], label: &[u8], context: &[u8], length: usize) -> hmac::Tag {
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let labeled = [&length[..], b"HPKE-v1", SUITE, label, context, &[1]].concat();
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &labeled)
}
