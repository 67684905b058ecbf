//! Our two issuers. What clouds trust and what everybody else trusts are different addresses with different keys, so a token for a
//! partner is worth nothing at a cloud, whatever audience or claim it bears (decision 28).

use super::KeysError;
use super::keypair::SigningAlgorithm;
use super::signing::SigningKeys;
use crate::kind::IdToken;
use crate::policy::IdTokenTerms;
use crate::secrets::Identities;
use crate::store::{Licence, OwnIssuer, Store};
use crate::words::names::{Audience, IssuerUrl};
use crate::words::{Denial, Reason, UnixTime};
use reqwest::Url;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Both of them.
pub struct OwnIssuers {
    clouds: Arc<CloudIssuer>,
    id_tokens: Arc<IdTokenIssuer>,
}

/// The issuer that clouds trust. Only a cloud's own grant asks it for a token.
pub struct CloudIssuer(SigningKeys);

/// The issuer of `id_token`s, for everybody who is no cloud.
pub struct IdTokenIssuer {
    keys: SigningKeys,
    /// Audiences for which a provider of this room alone asks, as they are compared.
    reserved: OnceLock<BTreeSet<String>>,
}

impl OwnIssuers {
    /// Loads the keys of both, and makes the first ones where there are none.
    pub async fn open(
        clouds: IssuerUrl,
        id_tokens: IssuerUrl,
        identities: &Identities,
        store: &Store,
    ) -> Result<Self, KeysError> {
        let clouds = SigningKeys::open(OwnIssuer::Clouds, clouds, identities.clone(), store).await?;
        let id_tokens = SigningKeys::open(OwnIssuer::IdTokens, id_tokens, identities.clone(), store).await?;
        Ok(Self {
            clouds: Arc::new(CloudIssuer(clouds)),
            id_tokens: Arc::new(IdTokenIssuer { keys: id_tokens, reserved: OnceLock::new() }),
        })
    }

    /// The keys of one.
    pub fn keys(&self, own: OwnIssuer) -> &SigningKeys {
        match own {
            OwnIssuer::Clouds => &self.clouds.0,
            OwnIssuer::IdTokens => &self.id_tokens.keys,
        }
    }

    /// For clouds.
    pub const fn clouds(&self) -> &Arc<CloudIssuer> {
        &self.clouds
    }

    /// For everybody else.
    pub const fn id_tokens(&self) -> &Arc<IdTokenIssuer> {
        &self.id_tokens
    }

    /// One turn of the rotation of both.
    pub async fn turn(&self, store: &Store) -> Result<(), KeysError> {
        for own in OwnIssuer::ALL {
            self.keys(own).turn(store).await?;
        }
        Ok(())
    }

    /// How many keys do not sign because they wait to be hosted, since the last turn.
    pub fn waiting_to_be_hosted(&self) -> usize {
        OwnIssuer::ALL.into_iter().map(|own| self.keys(own).waiting_to_be_hosted()).sum()
    }
}

impl CloudIssuer {
    pub(super) const fn keys(&self) -> &SigningKeys {
        &self.0
    }
}

impl IdTokenIssuer {
    pub(super) const fn keys(&self) -> &SigningKeys {
        &self.keys
    }

    /// For these audiences nobody is given a token from now on. Once said, it stays.
    pub(super) fn reserve(&self, audiences: BTreeSet<Audience>) {
        self.reserved.get_or_init(|| audiences.iter().map(compared).collect());
    }

    /// Refuses an audience for which nobody is given a token.
    pub(super) fn check(&self, audience: &Audience) -> Result<(), Denial> {
        if !self.reserved.get().is_some_and(|reserved| reserved.contains(&compared(audience))) {
            return Ok(());
        }
        let cause =
            "the audience is one of `providers: token_exchange`: whoever had this token could ask the service for anything";
        Err(Reason::Denied
            .because(cause)
            .advising("The policy grants `token_exchange` instead, with the fields that are left to it."))
    }

    /// Signs a token for somebody who is no cloud.
    pub fn id_token(&self, licence: &Licence<'_, IdTokenTerms>, now: UnixTime) -> Result<IdToken, Denial> {
        let (terms, decision, subject) = (licence.terms(), licence.decision(), &licence.granted().subject());
        self.check(&terms.audience)?;
        let extra = terms.claims.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let (audience, expires_at) = (terms.audience.clone(), now.plus(terms.ttl));
        let token = self.keys.mint(SigningAlgorithm::Es256, audience.as_str(), subject, decision, now, expires_at, extra)?;
        Ok(IdToken { audience, token, expires_at })
    }
}

/// Audiences are compared byte for byte by whoever keeps to RFC 7519. A service that is laxer takes another spelling of its address for
/// its own, so none of them is given: without regard to case, a default port, a dot behind the host and slashes at the end.
fn compared(audience: &Audience) -> String {
    let text = audience.as_str().to_lowercase();
    let url = Url::parse(&text).ok().filter(Url::has_host);
    let spelled = url.map_or(text, |mut url| {
        url.set_fragment(None);
        let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
        // What it is set to was a host before; the port of an address is the one that stands there.
        _ = url.set_host(Some(&host));
        _ = url.set_username("");
        _ = url.set_password(None);
        url.to_string()
    });
    spelled.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests;
