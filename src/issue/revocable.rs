//! Tokens that their provider can end before their time, and the sealed copies of those that a policy lets the server keep.

use crate::secrets::{Identities, decrypt_key, encrypt};
use crate::store::KeptToken;
use crate::words::exposed;
use crate::words::names::DecisionId;
use crate::words::{Denial, Reason, Secret, UnixTime};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// A token that its provider can end.
pub struct RevocableToken {
    /// The provider, by its section of the configuration.
    pub provider: &'static str,
    /// What the provider needs.
    pub handle: RevocationHandle,
    /// When it ends by itself.
    pub expires_at: UnixTime,
    /// Whether the policy lets the server keep a sealed copy.
    pub is_kept: bool,
}

/// What a provider needs to end a token.
#[derive(Serialize, Deserialize, Debug)]
pub struct RevocationHandle {
    /// Which of the provider's parts made it, as the configuration calls it: an App, a service.
    pub part: String,
    /// The token.
    #[serde(with = "exposed::text")]
    pub token: Secret,
}

/// A copy, with what it belongs to: whoever can write to the store exchanges no copies.
#[derive(Serialize, Deserialize)]
struct SealedCopy {
    decision: DecisionId,
    provider: String,
    #[serde(flatten)]
    handle: RevocationHandle,
}

/// Seals copies, and opens them for an operator who revokes: to the identity that encrypts the server's own keys.
pub struct TokenSeal {
    identities: Identities,
}

impl TokenSeal {
    /// Seals to these identities.
    pub const fn new(identities: Identities) -> Self {
        Self { identities }
    }

    /// Seals a copy, if the policy lets the server keep one.
    pub fn kept(&self, token: &RevocableToken, decision: &DecisionId) -> Option<Result<KeptToken, Denial>> {
        token.is_kept.then(|| {
            let RevocationHandle { part, token: secret } = &token.handle;
            let handle = RevocationHandle { part: part.clone(), token: secret.duplicate() };
            let copy = SealedCopy { decision: decision.clone(), provider: token.provider.to_owned(), handle };
            let text = Secret::new(serde_json::to_vec(&copy).map_err(failed)?);
            let sealed = encrypt(text.expose(), &self.identities.recipients(), false).map_err(failed)?;
            Ok(KeptToken { provider: copy.provider, expires_at: token.expires_at, sealed })
        })
    }

    /// Opens a copy of this decision. It does not open where the identity was changed since.
    pub fn open(&self, kept: &KeptToken, decision: &DecisionId) -> Result<RevocationHandle, Denial> {
        let text = decrypt_key(&kept.sealed, &self.identities).map_err(failed)?;
        let copy: SealedCopy = serde_json::from_slice(text.expose()).map_err(failed)?;
        if copy.decision == *decision && copy.provider == kept.provider {
            Ok(copy.handle)
        } else {
            Err(failed("it belongs to another decision"))
        }
    }
}

fn failed(fault: impl Display) -> Denial {
    Reason::Internal.with_cause(format!("the copy of a token: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> TokenSeal {
        TokenSeal::new(Identities::parse(&Identities::generate().0).unwrap())
    }

    fn token(is_kept: bool) -> RevocableToken {
        let handle = RevocationHandle { part: "acme".to_owned(), token: "ghs_hunter2".to_owned().into() };
        RevocableToken { provider: "github", handle, expires_at: UnixTime::from_seconds(1), is_kept }
    }

    #[test]
    fn a_copy_opens_for_the_identity_that_sealed_it_and_shows_nothing() {
        let (own, other, decision) = (seal(), seal(), DecisionId::new());
        let kept = own.kept(&token(true), &decision).unwrap().unwrap();
        assert!(!kept.sealed.windows(7).any(|window| window == b"hunter2"));
        let handle = own.open(&kept, &decision).unwrap();
        assert_eq!((handle.part.as_str(), handle.token.expose()), ("acme", &b"ghs_hunter2"[..]));
        assert!(other.open(&kept, &decision).is_err());
        assert!(own.open(&kept, &DecisionId::new()).is_err(), "of another decision");
        let elsewhere = KeptToken { provider: "token_exchange".to_owned(), ..kept };
        assert!(own.open(&elsewhere, &decision).is_err(), "of another provider");
    }

    #[test]
    fn no_copy_is_made_without_the_policy() {
        assert!(seal().kept(&token(false), &DecisionId::new()).is_none());
    }
}
