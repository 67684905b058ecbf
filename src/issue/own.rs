//! Our two issuers: one that clouds trust, and one for everybody else. They have different addresses and different keys, so a cloud
//! refuses a token for a partner, whatever its audience and claims are (decision 28).

use super::KeysError;
use super::signing::SigningKeys;
use crate::secrets::Identities;
use crate::store::{OwnIssuer, Store};
use crate::words::names::{Audience, IssuerUrl};
use crate::words::{Denial, Reason};
use reqwest::Url;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Both of them.
pub struct OwnIssuers {
    clouds: Arc<CloudIssuer>,
    id_tokens: Arc<IdTokenIssuer>,
}

/// The issuer that clouds trust. It signs only for grants of a cloud's credential.
pub struct CloudIssuer(SigningKeys);

/// The issuer of `id_token`s, for everybody but clouds.
pub struct IdTokenIssuer {
    keys: SigningKeys,
    /// Audiences of services that `token_exchange` asks, normalized. No `id_token` may have them.
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

    /// The keys of one issuer.
    pub fn keys(&self, own: OwnIssuer) -> &SigningKeys {
        match own {
            OwnIssuer::Clouds => &self.clouds.0,
            OwnIssuer::IdTokens => &self.id_tokens.keys,
        }
    }

    /// The issuer for clouds.
    pub const fn clouds(&self) -> &Arc<CloudIssuer> {
        &self.clouds
    }

    /// The issuer for everybody else.
    pub const fn id_tokens(&self) -> &Arc<IdTokenIssuer> {
        &self.id_tokens
    }

    /// Does the rotation steps of both that are due.
    pub async fn rotate_due(&self, store: &Store) -> Result<(), KeysError> {
        for own in OwnIssuer::ALL {
            self.keys(own).rotate_due(store).await?;
        }
        Ok(())
    }

    /// How many keys could not sign at the last rotation because they wait to be hosted.
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

    /// Reserves these audiences: from now on no `id_token` gets one of them. Only the first call has an effect.
    pub(super) fn reserve(&self, audiences: BTreeSet<Audience>) {
        self.reserved.get_or_init(|| audiences.iter().map(compared).collect());
    }

    /// Refuses a reserved audience.
    pub(super) fn check(&self, audience: &Audience) -> Result<(), Denial> {
        if !self.reserved.get().is_some_and(|reserved| reserved.contains(&compared(audience))) {
            return Ok(());
        }
        let cause =
            "the audience is one of `providers: token_exchange`: whoever had this token could ask the service for anything";
        Err(Reason::Denied
            .with_cause(cause)
            .with_hint("The policy grants `token_exchange` instead, with the fields that are left to it."))
    }
}

/// Normalizes an audience: ignores case, a default port, a user, a fragment, a dot behind the host and slashes at the end. RFC 7519
/// compares audiences byte for byte, but a lax service accepts other spellings of its address, so all spellings are reserved.
fn compared(audience: &Audience) -> String {
    let text = audience.as_str().to_lowercase();
    let url = Url::parse(&text).ok().filter(Url::has_host);
    let spelled = url.map_or(text, |mut url| {
        url.set_fragment(None);
        let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
        // Cannot fail: it was a host before.
        _ = url.set_host(Some(&host));
        _ = url.set_username("");
        _ = url.set_password(None);
        url.to_string()
    });
    spelled.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests;
