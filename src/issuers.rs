//! Layer C: the keys of the configured issuers, and of no others. Nothing in a token can choose an address to contact.

mod address;
mod error;
pub mod http;
mod jwks_host;
mod keyring;
mod origin;
mod settings;

pub use address::{Network, NetworkError};
pub use error::SetupError;
pub use jwks_host::{JwksHost, JwksHostError};
pub use settings::{IssuerSettings, JwksSource};

use crate::identity::Mapping;
use crate::token::{Expected, KeySet, RawToken};
use crate::words::names::{Audience, IssuerName};
use crate::words::{Clock, Denial, Digest, Reason, excerpt};
use keyring::Keyring;
use std::sync::Arc;
use std::time::Duration;

/// Characters of an issuer or an audience in an error: the beginning of an address is enough.
const EXCERPT_CHARACTERS_MAX: usize = 200;

/// A configured issuer.
pub struct Issuer {
    /// Its name in the configuration.
    pub name: IssuerName,
    /// The requirements for its tokens.
    pub expected: Expected,
    /// The mapping of its claims.
    pub mapping: Arc<Mapping>,
    keyring: Arc<Keyring>,
}

/// An issuer whose keys cannot be read.
pub struct Unreadable {
    /// Its name in the configuration.
    pub name: IssuerName,
    /// The fault.
    pub fault: String,
    /// Whether keys that were read before are still trusted.
    pub serves_on: bool,
    is_file: bool,
}

impl Unreadable {
    /// Whether its tokens are refused until a person repairs the fault. A remote that is down comes back by itself.
    pub const fn serves_nobody(&self) -> bool {
        self.is_file && !self.serves_on
    }
}

impl Issuer {
    /// Its keys, for a token that claims to be of it. They are fetched if necessary.
    pub async fn keys(&self, raw: &RawToken) -> Result<Arc<KeySet>, Denial> {
        self.keyring.keys(raw.jws()).await
    }

    /// Whether it still has the key of this fingerprint. The keys are fetched if necessary.
    pub async fn has_key(&self, fingerprint: &Digest) -> Result<bool, Denial> {
        Ok(self.keyring.current().await?.has(fingerprint))
    }
}

/// All configured issuers.
pub struct Issuers(Vec<Arc<Issuer>>);

impl Issuers {
    /// Makes the issuers; nothing is fetched before the first token.
    pub fn new(settings: Vec<IssuerSettings>, clock: &Arc<dyn Clock>) -> Result<Self, SetupError> {
        let make = |settings: IssuerSettings| {
            let keyring = Arc::new(Keyring::new(&settings, clock.clone())?);
            Ok(Arc::new(Issuer { name: settings.name, expected: settings.expected, mapping: settings.mapping, keyring }))
        };
        settings.into_iter().map(make).collect::<Result<_, SetupError>>().map(Self)
    }

    /// The issuer of this token, chosen by its (iss, aud).
    pub fn choose(&self, raw: &RawToken) -> Result<Arc<Issuer>, Denial> {
        chosen(&self.0, |issuer| &issuer.expected, raw.unverified_issuer(), raw.unverified_audience()).cloned()
    }

    /// The issuer that the token claims to be of, whatever its audience; `None` if several share that address.
    pub fn claimed(&self, raw: &RawToken) -> Option<&IssuerName> {
        let mut named = self.0.iter().filter(|issuer| issuer.expected.issuer.as_str() == raw.unverified_issuer());
        named.next().filter(|_| named.next().is_none()).map(|issuer| &issuer.name)
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &IssuerName> {
        self.0.iter().map(|issuer| &issuer.name)
    }

    /// How long ago each issuer's keys were read, for the issuers whose keys were read.
    pub fn ages(&self) -> impl Iterator<Item = (&IssuerName, Duration)> {
        self.0.iter().filter_map(|issuer| Some((&issuer.name, issuer.keyring.age()?)))
    }

    /// The issuers whose keys cannot be read. A file is read now; for a remote the last fetch counts.
    pub async fn unreadable(&self) -> Vec<Unreadable> {
        let mut found = Vec::new();
        for issuer in &self.0 {
            if let Some(fault) = issuer.keyring.fault().await {
                let (serves_on, is_file) = (issuer.keyring.serves_on(), issuer.keyring.is_file());
                found.push(Unreadable { name: issuer.name.clone(), fault, serves_on, is_file });
            }
        }
        found
    }

    /// The issuer of this name.
    pub fn named(&self, name: &IssuerName) -> Option<Arc<Issuer>> {
        self.0.iter().find(|issuer| issuer.name == *name).cloned()
    }
}

/// Chooses the entry that a token belongs to, by its `iss` and its one `aud`. This is the server's first check.
pub fn chosen<'a, T>(
    known: &'a [T],
    expected: impl Fn(&T) -> &Expected,
    issuer: &str,
    audience: Option<&str>,
) -> Result<&'a T, Denial> {
    let mut named = known.iter().filter(|one| expected(one).issuer.as_str() == issuer).peekable();
    if named.peek().is_none() {
        let shortened = excerpt(issuer, EXCERPT_CHARACTERS_MAX);
        let detail = format!("The token's issuer is `{shortened}`, which is not configured here.");
        return Err(Reason::UnknownIssuer
            .with_cause(format!("`iss` is `{shortened}`, which is not configured"))
            .with_detail(detail));
    }
    let ours: Vec<&str> = named.clone().flat_map(|one| &expected(one).audiences).map(Audience::as_str).collect();
    let chosen = named.find(|one| expected(one).audiences.iter().any(|ours| Some(ours.as_str()) == audience));
    chosen.ok_or_else(|| other_audience(audience, &ours))
}

/// The refusal with both sides of the mismatch. They are no secrets: the caller holds the token, and every job knows our
/// audience.
fn other_audience(found: Option<&str>, ours: &[&str]) -> Denial {
    let quoted = |text: &str| format!("`{}`", excerpt(text, EXCERPT_CHARACTERS_MAX));
    let found = found
        .map_or_else(|| "names no audience, or several".to_owned(), |found| format!("is for the audience {}", quoted(found)));
    let ours: Vec<String> = ours.iter().map(|ours| quoted(ours)).collect();
    let ours = ours.join(" or ");
    let cause = format!("the token {found}, and this issuer's tokens are taken for {ours} alone");
    Reason::AudienceMismatch
        .with_cause(cause)
        .with_detail(format!("The token {found}. This server takes tokens for {ours} alone."))
}

#[cfg(test)]
mod tests;
