//! Encrypts a released answer with a key from its token, so that a retry within a minute gets the same answer and the store holds no
//! plaintext.
//!
//! The key is derived (HKDF, RFC 5869) from the token's signature, which only its holders know, and from a secret that changes every
//! minute and is in memory only. Afterwards nobody can decrypt copies of an answer in the write-ahead log, on a standby or in a backup.

use super::REPEAT_WINDOW;
use crate::words::{Clock, Denial, Reason, Secret};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Separates this key from other keys that are derived from a token.
const PURPOSE: &[u8] = b"daypass answer v2";
/// How long a secret seals new answers.
const TURN: Duration = Duration::from_secs(60);
/// How long a secret is kept: until the last answer that it sealed expires. That is its window, and 5 s from sealing to release.
const OPENS: Duration = TURN.saturating_add(REPEAT_WINDOW).saturating_add(Duration::from_secs(5));
const SECRET_BYTES: usize = 32;

/// The length of the secret's number, which is the first part of a sealed answer.
const NUMBER_BYTES: usize = 8;

/// The secrets of the last minutes.
pub(super) struct Seals {
    clock: Arc<dyn Clock>,
    minutes: Mutex<VecDeque<Minute>>,
}

struct Minute {
    number: [u8; NUMBER_BYTES],
    began: Duration,
    secret: Secret,
}

impl Seals {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, minutes: Mutex::default() }
    }

    /// Seals the answer.
    pub(super) fn seal(&self, answer: &Secret, secret_part: &[u8]) -> Result<Vec<u8>, Denial> {
        let failed = |_| Reason::Internal.with_cause("the answer could not be sealed");
        let (number, key) = self.sealing_key(secret_part).map_err(failed)?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(failed)?;
        let mut sealed = answer.expose().to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).map_err(failed)?;
        Ok([&number[..], &nonce[..], &sealed].concat())
    }

    /// Opens an answer. `None`: the token is another one, or the secret was wiped.
    pub(super) fn unseal(&self, sealed: &[u8], secret_part: &[u8]) -> Option<Secret> {
        let (number, rest) = sealed.split_at_checked(NUMBER_BYTES)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        self.forget_old();
        let minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(&minutes.iter().find(|minute| minute.number == number)?.secret, secret_part).ok()?;
        drop(minutes);
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = key.open_in_place(nonce, Aad::empty(), &mut body).ok()?.len();
        body.truncate(length);
        Some(Secret::new(body))
    }

    /// Wipes expired secrets.
    pub(super) fn forget_old(&self) {
        let now = self.clock.since_boot();
        self.minutes.lock().unwrap_or_else(PoisonError::into_inner).retain(|minute| now.saturating_sub(minute.began) < OPENS);
    }

    fn sealing_key(&self, secret_part: &[u8]) -> Result<([u8; NUMBER_BYTES], LessSafeKey), aws_lc_rs::error::Unspecified> {
        let now = self.clock.since_boot();
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.back().is_none_or(|minute| now.saturating_sub(minute.began) >= TURN) {
            let (mut number, mut secret) = ([0; NUMBER_BYTES], vec![0; SECRET_BYTES]);
            rand::fill(&mut number)?;
            rand::fill(&mut secret)?;
            minutes.push_back(Minute { number, began: now, secret: Secret::new(secret) });
        }
        let minute = minutes.back().ok_or(aws_lc_rs::error::Unspecified)?;
        Ok((minute.number, key(&minute.secret, secret_part)?))
    }
}

fn key(secret: &Secret, secret_part: &[u8]) -> Result<LessSafeKey, aws_lc_rs::error::Unspecified> {
    let pseudorandom = Salt::new(HKDF_SHA256, secret.expose()).extract(secret_part);
    let info = [PURPOSE];
    pseudorandom.expand(&info, &AES_256_GCM).map(|output| LessSafeKey::new(UnboundKey::from(output)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::SteppingClock;

    fn seals() -> (SteppingClock, Seals) {
        let clock = SteppingClock::at(1_800_000_000_000);
        (clock.clone(), Seals::new(Arc::new(clock)))
    }

    #[test]
    fn only_the_same_token_opens_the_answer() {
        let (_, seals) = seals();
        let sealed = seals.seal(&Secret::new(b"{}".to_vec()), b"h.p.signature").unwrap();
        assert_eq!(seals.unseal(&sealed, b"h.p.signature").unwrap().expose(), b"{}");
        assert!(seals.unseal(&sealed, b"h.p.another").is_none());
        assert!(seals.unseal(&sealed[..5], b"h.p.signature").is_none());
        assert!(seals.unseal(&sealed[..NUMBER_BYTES + 5], b"h.p.signature").is_none());
    }

    #[test]
    fn an_answer_that_is_left_in_the_wal_opens_for_nobody_after_its_minute() {
        let (clock, seals) = seals();
        let sealed = seals.seal(&Secret::new(b"{}".to_vec()), b"h.p.signature").unwrap();
        let (_, after_a_restart) = self::seals();
        assert!(after_a_restart.unseal(&sealed, b"h.p.signature").is_none());
        clock.pass(Duration::from_secs(59));
        let later = seals.seal(&Secret::new(b"{}".to_vec()), b"h.p.signature").unwrap();
        clock.pass(Duration::from_secs(65));
        assert!([&sealed, &later].iter().all(|sealed| seals.unseal(sealed, b"h.p.signature").is_some()));
        clock.step(-3_600_000);
        clock.pass(Duration::from_secs(1));
        assert!([&sealed, &later].iter().all(|sealed| seals.unseal(sealed, b"h.p.signature").is_none()));
        assert!(seals.minutes.lock().unwrap().is_empty(), "the secret is wiped, whatever the wall clock says");
    }
}
