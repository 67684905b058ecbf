//! An issuer's keys, imported strictly from its JWKS (RFC 7517) and kept parsed.

use super::limits::KEYS_MAX;
use super::{Algorithm, KeyError, KeySetError, ProofError, RawJws, json, roca};
use crate::words::Digest;
use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The largest JWKS of a public CI issuer is near 10 KiB.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
/// RFC 7518, section 3.3: at least 2048 bits.
const RSA_BITS_MIN: usize = 2048;
/// Beyond this a single verification takes milliseconds.
const RSA_BITS_MAX: usize = 8192;

/// The keys of one issuer: never empty.
#[derive(Debug)]
pub struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The digest of its public bytes: an issuer may give a `kid` to another key.
    fingerprint: Digest,
    /// The key once for each algorithm that it may verify.
    uses: Vec<(Algorithm, ParsedPublicKey)>,
}

impl KeySet {
    /// Imports the set. Keys that are not for signatures or of unknown kind are ignored. A set with a secret key or with two keys
    /// of one `kid` is refused as a whole, because nothing in it can be trusted then.
    pub fn import(jwks: &[u8]) -> Result<Self, KeySetError> {
        if jwks.len() > JWKS_BYTES_MAX {
            return Err(KeySetError::TooLarge);
        }
        let document = json::parse(jwks)?;
        let listed = document.get("keys").and_then(Value::as_array).ok_or(KeySetError::NoList)?;
        if listed.len() > KEYS_MAX {
            return Err(KeySetError::TooMany);
        }
        let mut keys: Vec<Key> = Vec::new();
        for jwk in listed {
            let Some(key) = import_key(jwk.as_object().ok_or(KeySetError::NoObject)?)? else { continue };
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeySetError::TwoOfOneId);
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(KeySetError::NoneVerifies) } else { Ok(Self(keys)) }
    }

    /// Whether the set has a key for this token: the one of its `kid`, or without a `kid` the only key.
    pub fn holds(&self, jws: &RawJws) -> bool {
        self.by_id(jws).is_some()
    }

    /// The fingerprint of the token's key.
    pub fn fingerprint(&self, jws: &RawJws) -> Option<&Digest> {
        self.by_id(jws).map(|key| &key.fingerprint)
    }

    /// Whether the set has the key of this fingerprint.
    pub fn has(&self, fingerprint: &Digest) -> bool {
        self.0.iter().any(|key| key.fingerprint == *fingerprint)
    }

    /// The key that fits the token's `kid` and algorithm.
    pub(super) fn key(&self, jws: &RawJws) -> Option<&ParsedPublicKey> {
        let key = self.by_id(jws)?;
        key.uses.iter().find(|(algorithm, _)| *algorithm == jws.algorithm()).map(|(_, key)| key)
    }

    fn by_id(&self, jws: &RawJws) -> Option<&Key> {
        match (jws.key_id(), &self.0[..]) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }
}

fn import_key(jwk: &Map<String, Value>) -> Result<Option<Key>, KeyError> {
    const SECRET_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
    if SECRET_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
        return Err(KeyError::Secret);
    }
    if !is_for_signatures(jwk) {
        return Ok(None);
    }
    let candidates = match text(jwk, "kty") {
        Some("RSA") => rsa(jwk)?,
        Some("EC") => ec(jwk),
        Some("OKP") => ed25519(jwk),
        _ => None,
    };
    let Some((encoded, algorithms)) = candidates else { return Ok(None) };
    let stated = jwk.get("alg");
    let fits = |algorithm: &&Algorithm| stated.is_none_or(|stated| stated.as_str() == Some(algorithm.as_str()));
    let parse = |algorithm: &Algorithm| Some((*algorithm, ParsedPublicKey::new(algorithm.verification(), &encoded).ok()?));
    let uses: Vec<_> = algorithms.iter().filter(fits).filter_map(parse).collect();
    let id = match jwk.get("kid") {
        None => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(_) => return Err(KeyError::IdIsNoText),
    };
    Ok((!uses.is_empty()).then(|| Key { id, fingerprint: Digest::plain(&encoded), uses }))
}

/// A proof's one public key, for this algorithm.
pub(super) fn parse_one(jwk: &Map<String, Value>, algorithm: Algorithm) -> Result<ParsedPublicKey, ProofError> {
    let key = import_key(jwk)?.ok_or(ProofError::KeyVerifiesNothing)?;
    let found = key.uses.into_iter().find(|(known, _)| *known == algorithm);
    found.map(|(_, key)| key).ok_or(ProofError::KeyOfOtherAlgorithm)
}

/// `use` is `sig` or absent, `key_ops` has `verify` or is absent.
fn is_for_signatures(jwk: &Map<String, Value>) -> bool {
    let used = jwk.get("use").is_none_or(|used| used == "sig");
    let operates = jwk.get("key_ops").is_none_or(|list| list.as_array().is_some_and(|list| list.iter().any(|op| op == "verify")));
    used && operates
}

type Candidate = (Vec<u8>, &'static [Algorithm]);

/// RFC 7518, section 6.3.1. A modulus with the ROCA fingerprint refuses the set: an issuer that made one may have made more.
fn rsa(jwk: &Map<String, Value>) -> Result<Option<Candidate>, KeyError> {
    let (Some(modulus), Some(exponent)) = (bytes(jwk, "n"), bytes(jwk, "e")) else { return Ok(None) };
    let modulus = &modulus[modulus.iter().take_while(|byte| **byte == 0).count()..];
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let exponent_good = exponent.last().is_some_and(|byte| byte % 2 == 1) && exponent != [1] && exponent.len() <= 8;
    if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) || !exponent_good {
        return Ok(None);
    }
    if roca::bears_fingerprint(modulus) {
        return Err(KeyError::Roca);
    }
    Ok(Some((der_sequence(&[der_integer(modulus), der_integer(&exponent)].concat()), &Algorithm::RSA)))
}

/// RFC 7518, section 6.2.1: coordinates of full length, as an uncompressed point.
fn ec(jwk: &Map<String, Value>) -> Option<Candidate> {
    let (length, algorithms): (usize, &[Algorithm]) = match text(jwk, "crv")? {
        "P-256" => (32, &[Algorithm::Es256]),
        "P-384" => (48, &[Algorithm::Es384]),
        _ => return None,
    };
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    (x.len() == length && y.len() == length).then(|| ([&[4][..], &x, &y].concat(), algorithms))
}

/// RFC 8037, section 2.
fn ed25519(jwk: &Map<String, Value>) -> Option<Candidate> {
    let x = bytes(jwk, "x")?;
    (text(jwk, "crv")? == "Ed25519" && x.len() == 32).then_some((x, &[Algorithm::EdDsa]))
}

fn text<'a>(jwk: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    jwk.get(member)?.as_str()
}

fn bytes(jwk: &Map<String, Value>, member: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(jwk, member)?).ok()
}

fn der_integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    der(0x02, &[sign, number].concat())
}

fn der_sequence(body: &[u8]) -> Vec<u8> {
    der(0x30, body)
}

/// A DER element (X.690, section 8.1); bodies here are below 64 KiB.
fn der(tag: u8, body: &[u8]) -> Vec<u8> {
    let [.., high, low] = body.len().to_be_bytes();
    let length: &[u8] = match body.len() {
        0..=0x7f => &[low],
        0x80..=0xff => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, body].concat()
}
