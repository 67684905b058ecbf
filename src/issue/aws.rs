//! AWS sessions, made by STS. In `web-identity` mode daypass presents a token of its own issuer to AWS and holds no AWS key.

mod answer;
mod ask;
mod bootstrap;
mod call;
mod refusal;
mod settings;

pub use bootstrap::Bootstrap;

use super::keypair::SigningAlgorithm;
use super::own::CloudIssuer;
use crate::kind::AwsKeys;
use crate::policy::AwsTerms;
use crate::store::Licence;
use crate::words::names::DecisionId;
use crate::words::{Denial, Reason, Secret, UnixTime};
use answer::Answer;
use ask::{Action, Ask};
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_sts::{Client, Config};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The audience that AWS documents for its STS.
pub const AUDIENCE: &str = "sts.amazonaws.com";
/// Short: the token is used at once.
const TOKEN_LIFETIME: Duration = Duration::from_secs(300);
/// The deadline over all regions. A job waits no longer.
const TOTAL_MAX: Duration = Duration::from_secs(10);
/// The time for all attempts of one call, divided among the regions so that the last one is tried too.
const CALLS_MAX: Duration = Duration::from_secs(8);
/// The deadline of one attempt.
const TRY_MAX: Duration = Duration::from_secs(4);
/// Attempts of one call in one region: the first, and two after throttling or a reset connection, each after a random pause.
const TRIES_MAX: u32 = 3;
/// An attempt that hangs leaves time for a second one in the same region.
const TRIES_IN_TIME: u32 = 2;

/// How daypass authenticates to AWS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AwsMode {
    /// With a token of our own issuer.
    WebIdentity,
    /// With the machine's own AWS credentials.
    AssumeRole,
}

/// The `aws` section of the configuration.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// How daypass authenticates to AWS.
    pub mode: AwsMode,
    /// The regions, in the order of preference.
    pub regions: Vec<String>,
    /// The address of an STS that is used instead of AWS's own.
    pub endpoint: Option<String>,
    /// The algorithm that signs web identity tokens.
    pub algorithm: SigningAlgorithm,
}

/// AWS.
pub struct Aws {
    mode: AwsMode,
    algorithm: SigningAlgorithm,
    clients: Vec<Client>,
    issuer: Arc<CloudIssuer>,
}

impl Aws {
    /// One client for each region. Only `assume-role` looks for credentials of this machine.
    pub async fn new(settings: &AwsSettings, issuer: Arc<CloudIssuer>) -> Self {
        let mut clients = Vec::new();
        for region in &settings.regions {
            let mut config = match settings.mode {
                AwsMode::WebIdentity => Config::builder().behavior_version(BehaviorVersion::latest()),
                AwsMode::AssumeRole => {
                    aws_sdk_sts::config::Builder::from(&aws_config::load_defaults(BehaviorVersion::latest()).await)
                }
            };
            config.set_endpoint_url(settings.endpoint.clone());
            let retries = RetryConfig::standard().with_max_attempts(TRIES_MAX);
            let config = config.region(Region::new(region.clone())).timeout_config(timeouts(settings.regions.len()));
            clients.push(Client::from_conf(config.retry_config(retries).build()));
        }
        Self { mode: settings.mode, algorithm: settings.algorithm, clients, issuer }
    }

    /// Issues a session on these terms. The next region is tried only if a region does not answer.
    pub async fn issue(&self, licence: &Licence<'_, AwsTerms>, now: UnixTime) -> Result<AwsKeys, Denial> {
        let (terms, decision, subject) = (licence.terms(), licence.decision(), &licence.granted().subject());
        let attempts = async {
            let mut last = Reason::AwsUnavailable.with_cause("no region is configured");
            for client in &self.clients {
                match self.assume(client, terms, subject, decision, now).await {
                    Err(denial) if denial.reason == Reason::AwsUnavailable => last = denial,
                    done => return done,
                }
            }
            Err(last)
        };
        let late = |_| Reason::AwsUnavailable.with_cause(format!("no answer within {} s", TOTAL_MAX.as_secs()));
        tokio::time::timeout(TOTAL_MAX, attempts).await.map_err(late)??.keys(terms, decision, now)
    }

    /// Assumes the role, through the intermediate role if the terms name one. The intermediate role's credentials are dropped, and so
    /// wiped, before this returns.
    async fn assume(
        &self,
        client: &Client,
        terms: &AwsTerms,
        subject: &str,
        decision: &DecisionId,
        now: UnixTime,
    ) -> Result<Answer, Denial> {
        let action = match self.mode {
            AwsMode::WebIdentity => Action::AssumeRoleWithWebIdentity,
            AwsMode::AssumeRole => Action::AssumeRole,
        };
        let Some(intermediate) = &terms.via else {
            return self.first(client, &Ask::only(terms, action, decision), subject, decision, now).await;
        };
        let between =
            self.first(client, &Ask::intermediate(terms, intermediate, action, decision), subject, decision, now).await?;
        let keys = between.into_keys(&intermediate.role, now)?;
        Ask::target(terms, intermediate, decision).by_keys(client, Some(keys)).await
    }

    async fn first(
        &self,
        client: &Client,
        request: &Ask<'_>,
        subject: &str,
        decision: &DecisionId,
        now: UnixTime,
    ) -> Result<Answer, Denial> {
        match self.mode {
            AwsMode::WebIdentity => request.by_token(client, &self.token(request, subject, decision, now)?).await,
            AwsMode::AssumeRole => request.by_keys(client, None).await,
        }
    }

    /// The token for AWS. Session tags and source identity are in the claims that AWS documents for them.
    fn token(&self, request: &Ask<'_>, subject: &str, decision: &DecisionId, now: UnixTime) -> Result<Secret, Denial> {
        let mut extra = Map::new();
        let tags: Map<String, Value> = request.tags.iter().map(|(key, value)| ((*key).clone(), json!([value]))).collect();
        if !tags.is_empty() {
            extra.insert(
                "https://aws.amazon.com/tags".to_owned(),
                json!({ "principal_tags": tags, "transitive_tag_keys": request.transitive }),
            );
        }
        extra.insert("https://aws.amazon.com/source_identity".to_owned(), decision.as_str().into());
        self.issuer.keys().mint(self.algorithm, AUDIENCE, subject, decision, now, now.plus(TOKEN_LIFETIME), extra)
    }
}

/// The timeouts of one call, if there are so many regions to try.
fn timeouts(regions: usize) -> TimeoutConfig {
    let call = CALLS_MAX / u32::try_from(regions.max(1)).unwrap_or(u32::MAX);
    TimeoutConfig::builder().operation_timeout(call).operation_attempt_timeout(TRY_MAX.min(call / TRIES_IN_TIME)).build()
}

#[cfg(test)]
mod tests;
