//! `providers: { gcp: … }` of the configuration.

use crate::issue::outward::address;
use crate::issue::provider::Places;
use crate::words::yaml::{Fields, Node};
use crate::words::{DurationError, parse_duration};
use reqwest::Url;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Google's own endpoints.
const STS: &str = "https://sts.googleapis.com";
const IAM_CREDENTIALS: &str = "https://iamcredentials.googleapis.com";
/// IAM Service Account Credentials API, `generateAccessToken`: one hour, or 12 hours if the organization's policy
/// `iam.allowServiceAccountCredentialLifetimeExtension` names the account.
const TTL_MAX_DEFAULT: Duration = Duration::from_secs(3600);
const TTL_MAX_MOST: Duration = Duration::from_secs(12 * 3600);
/// IAM, "Workload Identity Federation": the length of a pool's and of a provider's id.
const ID_BYTES: std::ops::RangeInclusive<usize> = 4..=32;
/// A project's number is an `int64`.
const NUMBER_BYTES_MAX: usize = 19;

/// The section `gcp` of the configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct GcpSettings {
    /// The provider that trusts us.
    pub provider: ProviderName,
    /// The longest lifetime of a service account's access token.
    pub max_ttl: Duration,
    /// Where Google's STS is.
    pub sts: Url,
    /// Where Google's IAM Service Account Credentials API is.
    pub iamcredentials: Url,
    /// The authorities of their certificates, PEM, instead of the system's.
    pub ca: Option<PathBuf>,
    /// The proxy on the way to them.
    pub proxy: Option<String>,
}

/// A provider of a workload identity pool: `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderName {
    project: String,
    pool: String,
    provider: String,
}

/// Why a value is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GcpSettingsError {
    /// The provider's name.
    #[error("expected projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number")]
    Provider,
    /// A duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// A `max_ttl` that is too short or too long.
    #[error("expected 1h to 12h: without it access tokens live for an hour at most")]
    MaxTtl,
}

impl ProviderName {
    /// Parses a full resource name.
    pub fn parse(text: &str) -> Result<Self, GcpSettingsError> {
        let id = |text: &str| {
            let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            ID_BYTES.contains(&text.len()) && text.bytes().all(good)
        };
        let number = |text: &str| (1..=NUMBER_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.split('/').collect::<Vec<_>>()[..] {
            ["projects", project, "locations", "global", "workloadIdentityPools", pool, "providers", provider]
                if number(project) && id(pool) && id(provider) =>
            {
                Ok(Self { project: project.to_owned(), pool: pool.to_owned(), provider: provider.to_owned() })
            }
            _ => Err(GcpSettingsError::Provider),
        }
    }

    /// The project's number.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The pool's id.
    pub fn pool(&self) -> &str {
        &self.pool
    }

    /// The provider's id.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The `audience` of a request to Google's STS.
    pub fn audience(&self) -> String {
        format!("//iam.googleapis.com/{self}")
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project, pool, provider } = self;
        write!(f, "projects/{project}/locations/global/workloadIdentityPools/{pool}/providers/{provider}")
    }
}

impl GcpSettings {
    /// Reads the section and reports every fault, without the content of files.
    pub fn read(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Self> {
        let provider = fields.required("provider").and_then(|node| fields.parsed(node, ProviderName::parse));
        let max_ttl = fields.optional("max_ttl").map_or(Some(TTL_MAX_DEFAULT), |node| fields.parsed(node, max_ttl));
        let sts = fields.optional("sts");
        let sts = endpoint(fields, sts, STS);
        let iamcredentials = fields.optional("iamcredentials");
        let iamcredentials = endpoint(fields, iamcredentials, IAM_CREDENTIALS);
        let ca = fields.optional("ca").map(|node| places.trusted(fields, node));
        let ca = ca.map_or(Some(None), |ca| ca.map(Some));
        let proxy = fields.optional("proxy").and_then(|node| fields.text(node)).map(str::to_owned);
        let (sts, iamcredentials) = (sts?, iamcredentials?);
        Some(Self { provider: provider?, max_ttl: max_ttl?, sts, iamcredentials, ca: ca?, proxy })
    }
}

fn max_ttl(text: &str) -> Result<Duration, GcpSettingsError> {
    let duration = parse_duration(text)?;
    if (TTL_MAX_DEFAULT..=TTL_MAX_MOST).contains(&duration) { Ok(duration) } else { Err(GcpSettingsError::MaxTtl) }
}

fn endpoint<'a>(fields: &mut Fields<'a, '_>, node: Option<&'a Node>, default: &str) -> Option<Url> {
    match node {
        Some(node) => fields.parsed(node, address),
        None => address(default).ok(),
    }
}

#[cfg(test)]
mod tests;
