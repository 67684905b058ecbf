//! The signing keys of one of our own issuers: rows of the store, encrypted to the root identity.

mod rotation;

pub use rotation::Publication;

use super::KeysError;
use super::keypair::{SigningAlgorithm, SigningPair};
use crate::answers::{DiscoveryDocument, Jwks};
use crate::secrets::{Identities, decrypt_key, encrypt};
use crate::store::{HostedKeys, KeyRow, KeyState, OwnIssuer, Store};
use crate::words::names::{DecisionId, IssuerUrl};
use crate::words::{Denial, Digest, Reason, Secret, UnixTime};
use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rotation::{Step, due};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Mutex;

/// The longest `sub` that AWS and Azure accept.
const SUBJECT_BYTES_MAX: usize = 255;

/// An issuer and its keys.
pub struct SigningKeys {
    own: OwnIssuer,
    issuer: IssuerUrl,
    algorithms: &'static [SigningAlgorithm],
    identities: Identities,
    loaded: ArcSwap<Vec<SigningKey>>,
    /// How many keys cannot sign because they wait to be hosted.
    waiting: AtomicUsize,
    /// Serializes rotations.
    turning: Mutex<()>,
}

struct SigningKey {
    row: KeyRow,
    algorithm: SigningAlgorithm,
    pair: SigningPair,
    jwk: Value,
}

impl SigningKeys {
    /// Loads the keys, and makes the first ones where there are none.
    pub async fn open(own: OwnIssuer, issuer: IssuerUrl, identities: Identities, store: &Store) -> Result<Self, KeysError> {
        let algorithms = algorithms_of(own);
        let (loaded, waiting, turning) = (ArcSwap::default(), AtomicUsize::new(0), Mutex::default());
        let keys = Self { own, issuer, algorithms, identities, loaded, waiting, turning };
        keys.rotate_due(store).await?;
        Ok(keys)
    }

    /// Rotates the keys: makes, promotes, retires and removes those that are due. Called at the start and every hour.
    pub async fn rotate_due(&self, store: &Store) -> Result<(), KeysError> {
        let _guard = self.turning.lock().await;
        let now = store.earliest();
        let (rows, hosted) = (store.keys(self.own).await?, store.hosted_keys(self.own).await?);
        for step in self.algorithms.iter().flat_map(|algorithm| due(&rows, &hosted, *algorithm, now)) {
            match step {
                Step::Make(algorithm, state) => store.put_key(self.own, self.make(algorithm, state, now)?).await,
                Step::Move(row, state) => store.put_key(self.own, KeyRow { state, changed_at: now, ..row }).await,
                Step::Remove(kid) => store.remove_key(self.own, kid).await,
            }?;
        }
        self.reload(store).await
    }

    /// Begins a rotation for an operator: makes the next key of each algorithm that has no next key. Like every key it signs after it was
    /// published for long enough. Returns how many were made.
    pub async fn rotate(&self, store: &Store) -> Result<usize, KeysError> {
        let _guard = self.turning.lock().await;
        let rows = store.keys(self.own).await?;
        let has_next = |algorithm: SigningAlgorithm| {
            rows.iter().any(|row| row.algorithm == algorithm.as_str() && row.state == KeyState::Published)
        };
        let mut made = 0;
        for algorithm in self.algorithms.iter().filter(|algorithm| !has_next(**algorithm)) {
            store.put_key(self.own, self.make(*algorithm, KeyState::Published, store.earliest())?).await?;
            made += 1;
        }
        self.reload(store).await.map(|()| made)
    }

    async fn reload(&self, store: &Store) -> Result<(), KeysError> {
        let rows = store.keys(self.own).await?;
        let publication = self.published(&rows, &store.hosted_keys(self.own).await?, store.now());
        self.waiting.store(publication.waiting(), Ordering::Relaxed);
        let loaded = rows.into_iter().map(|row| self.load(row)).collect::<Result<Vec<_>, _>>()?;
        self.loaded.store(Arc::new(loaded));
        Ok(())
    }

    fn make(&self, algorithm: SigningAlgorithm, state: KeyState, now: UnixTime) -> Result<KeyRow, KeysError> {
        let pkcs8 = SigningPair::generate(algorithm)?;
        let kid = thumbprint(&SigningPair::load(algorithm, &pkcs8)?);
        let sealed = encrypt(pkcs8.expose(), &self.identities.recipients(), false)?;
        Ok(KeyRow { kid, algorithm: algorithm.as_str().to_owned(), state, created_at: now, changed_at: now, sealed })
    }

    fn load(&self, row: KeyRow) -> Result<SigningKey, KeysError> {
        let algorithm = SigningAlgorithm::parse(&row.algorithm);
        let algorithm = algorithm.ok_or_else(|| KeysError::UnknownAlgorithm { algorithm: row.algorithm.clone() })?;
        let pair = SigningPair::load(algorithm, &decrypt_key(&row.sealed, &self.identities)?)?;
        let mut jwk = pair.public_members();
        jwk["kid"] = row.kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = algorithm.as_str().into();
        Ok(SigningKey { row, algorithm, pair, jwk })
    }

    /// The JWKS (RFC 7517): every key that signs, will sign, or has signed tokens that may still be valid.
    pub fn jwks(&self) -> Value {
        json!(self.key_set())
    }

    /// The same, as operators' commands read it.
    pub fn key_set(&self) -> Jwks {
        Jwks { keys: self.loaded.load().iter().map(|held| held.jwk.clone()).collect() }
    }

    /// The discovery document (OpenID Connect Discovery 1.0, section 3): the members that workload federation reads.
    pub fn discovery(&self) -> DiscoveryDocument {
        let base = self.issuer.as_str().trim_end_matches('/');
        let algorithms = self.algorithms.iter().map(|algorithm| algorithm.as_str().to_owned());
        DiscoveryDocument {
            issuer: self.issuer.as_str().to_owned(),
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            response_types_supported: vec!["id_token".to_owned()],
            subject_types_supported: vec!["public".to_owned()],
            id_token_signing_alg_values_supported: algorithms.collect(),
            claims_supported: ["iss", "sub", "aud", "iat", "nbf", "exp", "jti"].map(str::to_owned).to_vec(),
        }
    }

    /// The keys for operators, and when they have to be published again if another host serves them.
    pub async fn publication(&self, store: &Store) -> Result<Publication, Denial> {
        let (rows, hosted) = (store.keys(self.own).await?, store.hosted_keys(self.own).await?);
        Ok(self.published(&rows, &hosted, store.now()))
    }

    fn published(&self, rows: &[KeyRow], hosted: &HostedKeys, now: UnixTime) -> Publication {
        Publication::of(rows, hosted, self.algorithms, now)
    }

    /// How many keys could not sign at the last rotation because they wait to be hosted.
    pub fn waiting_to_be_hosted(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Which of our issuers the keys belong to.
    pub const fn own(&self) -> OwnIssuer {
        self.own
    }

    /// The issuer's address. The discovery document and the JWKS are below it.
    pub const fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// Signs a token. Its `jti` is the decision's id, which the audit log has too.
    #[expect(clippy::too_many_arguments, reason = "each is a claim of the token")]
    pub(super) fn mint(
        &self,
        algorithm: SigningAlgorithm,
        audience: &str,
        subject: &str,
        decision: &DecisionId,
        now: UnixTime,
        expires_at: UnixTime,
        extra: Map<String, Value>,
    ) -> Result<Secret, Denial> {
        if subject.len() > SUBJECT_BYTES_MAX {
            return Err(Reason::Internal
                .with_cause(format!("the subject is longer than {SUBJECT_BYTES_MAX} bytes: shorten the policy's name")));
        }
        let mut claims = json!({
            "iss": self.issuer, "sub": subject, "aud": audience, "iat": now.seconds(), "nbf": now.seconds(), "exp": expires_at.seconds(), "jti": decision.as_str(),
        });
        if let Some(members) = claims.as_object_mut() {
            members.extend(extra);
        }
        self.sign(algorithm, &claims)
    }

    fn sign(&self, algorithm: SigningAlgorithm, claims: &Value) -> Result<Secret, Denial> {
        let loaded = self.loaded.load();
        let key = loaded.iter().find(|key| key.algorithm == algorithm && key.row.state == KeyState::Signing);
        let key = key.ok_or_else(|| Reason::Internal.with_cause("no key of this issuer is signing"))?;
        let header = json!({ "alg": algorithm.as_str(), "kid": key.row.kid, "typ": "JWT" });
        let input = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = key.pair.sign(input.as_bytes()).map_err(|_| Reason::Internal.with_cause("signing failed"))?;
        Ok(format!("{input}.{}", BASE64.encode(signature)).into())
    }
}

/// The issuer of `id_token`s has no RSA key, because it signs with ES256 only.
const fn algorithms_of(own: OwnIssuer) -> &'static [SigningAlgorithm] {
    match own {
        OwnIssuer::Clouds => &SigningAlgorithm::ALL,
        OwnIssuer::IdTokens => &[SigningAlgorithm::Es256],
    }
}

/// RFC 7638: SHA-256 over the required members in lexical order.
fn thumbprint(pair: &SigningPair) -> String {
    BASE64.encode(Digest::plain(pair.public_members().to_string().as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests;
