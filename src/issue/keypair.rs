//! A parsed signing key. A signature takes 16 µs with ES256, and some 280 µs with RS256.

use super::KeysError;
use crate::words::Secret;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

/// The algorithms of our own issuers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256: the default.
    Es256,
    /// RSA, for clouds that need it.
    Rs256,
}

impl SigningAlgorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    /// Its `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of this `alg`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

pub(super) enum SigningPair {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl SigningPair {
    /// Generates a key, PKCS#8.
    pub(super) fn generate(algorithm: SigningAlgorithm) -> Result<Secret, KeysError> {
        let bytes = match algorithm {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?.as_ref().to_vec()
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
                let der: Pkcs8V1Der<'_> = pair.as_der()?;
                der.as_ref().to_vec()
            }
        };
        Ok(Secret::new(bytes))
    }

    pub(super) fn load(algorithm: SigningAlgorithm, pkcs8: &Secret) -> Result<Self, KeysError> {
        Ok(match algorithm {
            SigningAlgorithm::Es256 => Self::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose())?),
            SigningAlgorithm::Rs256 => Self::Rs256(Box::new(RsaKeyPair::from_pkcs8(pkcs8.expose())?)),
        })
    }

    /// The public key's members (RFC 7518, section 6), in the order of RFC 7638.
    pub(super) fn public_members(&self) -> Value {
        match self {
            Self::Es256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "crv": "P-256", "kty": "EC", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..65]) })
            }
            Self::Rs256(pair) => {
                let key = pair.public_key();
                let (exponent, modulus) = (key.exponent(), key.modulus());
                json!({ "e": BASE64.encode(exponent.big_endian_without_leading_zero()), "kty": "RSA", "n": BASE64.encode(modulus.big_endian_without_leading_zero()) })
            }
        }
    }

    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        match self {
            Self::Es256(pair) => pair.sign(&SystemRandom::new(), input).map(|signature| signature.as_ref().to_vec()),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)?;
                Ok(signature)
            }
        }
    }
}
