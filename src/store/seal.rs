//! Seals a released answer to the token that earned it, so that a retry within a minute hears the same and the store holds no secret.
//!
//! The key is derived from the whole token, signature included (HKDF, RFC 5869); the token itself is never stored.

use crate::words::{Denial, Reason, Secret};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;

/// Tells this use of the token's bytes from any other.
const PURPOSE: &[u8] = b"daypass answer v1";

/// Seals the answer; the nonce stands in front.
pub fn seal(answer: &Secret, token: &[u8]) -> Result<Vec<u8>, Denial> {
    let failed = |_| Reason::Internal.because("the answer could not be sealed");
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(failed)?;
    let mut sealed = answer.expose().to_vec();
    key(token)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).map_err(failed)?;
    Ok([&nonce[..], &sealed].concat())
}

/// Opens it again; `None` when the token is another one.
pub fn unseal(sealed: &[u8], token: &[u8]) -> Option<Secret> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let mut body = body.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let length = key(token).ok()?.open_in_place(nonce, Aad::empty(), &mut body).ok()?.len();
    body.truncate(length);
    Some(Secret::new(body))
}

fn key(token: &[u8]) -> Result<LessSafeKey, Denial> {
    let failed = |_| Reason::Internal.because("the sealing key could not be derived");
    let pseudorandom = Salt::new(HKDF_SHA256, PURPOSE).extract(token);
    let info = [PURPOSE];
    let output = pseudorandom.expand(&info, &AES_256_GCM).map_err(failed)?;
    Ok(LessSafeKey::new(UnboundKey::from(output)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_opens_the_answer() {
        let sealed = seal(&Secret::new(b"{}".to_vec()), b"h.p.signature").unwrap();
        assert_eq!(unseal(&sealed, b"h.p.signature").unwrap().expose(), b"{}");
        assert!(unseal(&sealed, b"h.p.another").is_none());
        assert!(unseal(&sealed[..5], b"h.p.signature").is_none());
    }
}
