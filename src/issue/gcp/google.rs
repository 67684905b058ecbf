//! The requests: Google's STS (RFC 8693, a form), and its IAM Service Account Credentials API (JSON).

use super::settings::{GcpSettings, ProviderName};
use crate::issue::outward::{FORM, ProviderClient, ProviderClientError, ProviderResponse, TransportError, form};
use crate::kind::ServiceAccount;
use crate::policy::Boundary;
use crate::words::Secret;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde_json::Value;

/// A token has some 2 KB, and up to 12 KB with the groups of an identity provider. An error is smaller.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Both of Google's endpoints.
pub(super) struct Google {
    way: ProviderClient,
    provider: ProviderName,
    sts: Url,
    iamcredentials: Url,
}

/// A federated token, and the token of our issuer that was exchanged for it.
pub(super) struct Federated {
    pub(super) token: Secret,
    pub(super) assertion: Secret,
}

/// The method of the IAM Service Account Credentials API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    GenerateAccessToken,
    GenerateIdToken,
}

impl Method {
    const fn as_str(self) -> &'static str {
        match self {
            Self::GenerateAccessToken => "generateAccessToken",
            Self::GenerateIdToken => "generateIdToken",
        }
    }
}

impl Google {
    pub(super) fn open(settings: &GcpSettings) -> Result<Self, ProviderClientError> {
        let (ca, proxy) = (settings.ca.as_deref(), settings.proxy.as_deref());
        let way = ProviderClient::open(ca, proxy, "`ca` of `providers: { gcp: … }`", "whoever runs that endpoint")?;
        let (sts, iamcredentials) = (settings.sts.clone(), settings.iamcredentials.clone());
        Ok(Self { way, provider: settings.provider.clone(), sts, iamcredentials })
    }

    /// Exchanges a token of our issuer for a federated token.
    pub(super) async fn federate(&self, assertion: &Secret, scope: &str) -> Result<ProviderResponse, TransportError> {
        self.exchange(
            &[assertion],
            &form([
                ("grant_type", GRANT_TYPE),
                ("audience", &self.provider.audience()),
                ("scope", scope),
                ("requested_token_type", ACCESS_TOKEN),
                ("subject_token", assertion.expose_text().unwrap_or_default()),
                ("subject_token_type", JWT),
            ]),
        )
        .await
    }

    /// Exchanges an access token for one within a boundary. `earlier` is what was presented to get that token.
    pub(super) async fn downscope(
        &self,
        token: &Secret,
        boundary: &Boundary,
        earlier: &[&Secret],
    ) -> Result<ProviderResponse, TransportError> {
        self.exchange(
            &[&[token], earlier].concat(),
            &form([
                ("grant_type", GRANT_TYPE),
                ("requested_token_type", ACCESS_TOKEN),
                ("subject_token", token.expose_text().unwrap_or_default()),
                ("subject_token_type", ACCESS_TOKEN),
                ("options", &boundary.options().to_string()),
            ]),
        )
        .await
    }

    async fn exchange(&self, presented: &[&Secret], form: &Secret) -> Result<ProviderResponse, TransportError> {
        let url = below(&self.sts, &["v1", "token"]);
        self.way
            .send(ANSWER_BYTES_MAX, presented, |client| {
                client.post(url.clone()).header(CONTENT_TYPE, FORM).body(form.expose().to_vec())
            })
            .await
    }

    /// Gets a token of a service account with the federated token, for which the assertion was presented. The `-` stands for the account's project; Google accepts no other value.
    pub(super) async fn impersonate(
        &self,
        account: &ServiceAccount,
        method: Method,
        body: &Value,
        Federated { token, assertion }: &Federated,
    ) -> Result<ProviderResponse, TransportError> {
        let resource = format!("{account}:{}", method.as_str());
        let url = below(&self.iamcredentials, &["v1", "projects", "-", "serviceAccounts", &resource]);
        let bearer = token.expose_text().unwrap_or_default();
        let request = |client: &Client| client.post(url.clone()).bearer_auth(bearer).json(body);
        self.way.send(ANSWER_BYTES_MAX, &[token, assertion], request).await
    }
}

fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
