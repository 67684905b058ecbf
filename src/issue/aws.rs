//! AWS sessions, made by STS. In `web-identity` mode daypass presents a token of its own issuer to AWS and holds no AWS key.

mod answer;
mod ask;
mod bootstrap;
mod call;
mod document;
mod refusal;
mod settings;

pub use bootstrap::Bootstrap;

use super::keypair::SigningAlgorithm;
use super::outward::Presented;
use super::own::CloudIssuer;
use crate::custody::AnswerLimit;
use crate::kind::AwsKeys;
use crate::policy::AwsTerms;
use crate::store::Licence;
use crate::words::names::DecisionId;
use crate::words::{Denial, Reason, Secret, UnixTime};
use answer::Session;
use ask::{Action, Ask};
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_sts::{Client, Config};
use document::WholeDocument;
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

/// The most bytes of an answer. A session token has some 2 KB, with many tags some more.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

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
            let config = config.retry_config(retries).interceptor(AnswerLimit(ANSWER_BYTES_MAX)).interceptor(WholeDocument);
            clients.push(Client::from_conf(config.build()));
        }
        Self { mode: settings.mode, algorithm: settings.algorithm, clients, issuer }
    }

    /// Issues a session on these terms. The next region is tried only if a region does not answer.
    pub async fn issue(&self, licence: &Licence<'_, AwsTerms>, now: UnixTime) -> Result<AwsKeys, Denial> {
        let (terms, decision) = (licence.terms(), licence.decision());
        let token = match self.mode {
            AwsMode::WebIdentity => Some(self.token(terms, &licence.granted().subject(), decision, now)?),
            AwsMode::AssumeRole => None,
        };
        let attempts = async {
            let mut last = Reason::AwsUnavailable.with_cause("no region is configured");
            for client in &self.clients {
                match assume(client, terms, token.as_ref(), decision, now).await {
                    Err(denial) if denial.reason == Reason::AwsUnavailable => last = denial,
                    done => return done,
                }
            }
            Err(last)
        };
        let late = |_| Reason::AwsUnavailable.with_cause(format!("no answer within {} s", TOTAL_MAX.as_secs()));
        Ok(tokio::time::timeout(TOTAL_MAX, attempts).await.map_err(late)??.keys(terms.role.clone()))
    }

    /// The token for AWS. Session tags and source identity are in the claims that AWS documents for them.
    fn token(&self, terms: &AwsTerms, subject: &str, decision: &DecisionId, now: UnixTime) -> Result<Secret, Denial> {
        let mut extra = Map::new();
        let tags: Map<String, Value> = terms.tags.iter().map(|(key, value)| (key.clone(), json!([value]))).collect();
        if !tags.is_empty() {
            extra.insert(
                "https://aws.amazon.com/tags".to_owned(),
                json!({ "principal_tags": tags, "transitive_tag_keys": terms.transitive }),
            );
        }
        extra.insert("https://aws.amazon.com/source_identity".to_owned(), decision.as_str().into());
        self.issuer.keys().mint(self.algorithm, AUDIENCE, subject, decision, now, now.plus(TOKEN_LIFETIME), extra)
    }
}

/// Assumes the role, through the intermediate role if the terms name one. The intermediate role's credentials are dropped, and so wiped,
/// before this returns. Without a token the machine's own credentials authenticate the first call.
async fn assume(
    client: &Client,
    terms: &AwsTerms,
    token: Option<&Secret>,
    decision: &DecisionId,
    now: UnixTime,
) -> Result<Session, Denial> {
    let action = if token.is_some() { Action::AssumeRoleWithWebIdentity } else { Action::AssumeRole };
    let Some(intermediate) = &terms.via else {
        return first(client, &Ask::only(terms, action, decision), token, now).await;
    };
    let between = first(client, &Ask::intermediate(terms, intermediate, action, decision), token, now).await?;
    let (keys, presented) = between.into_keys();
    Ask::target(terms, intermediate, decision).by_keys(client, Some(keys), presented, now).await
}

async fn first(client: &Client, request: &Ask<'_>, token: Option<&Secret>, now: UnixTime) -> Result<Session, Denial> {
    match token {
        Some(token) => request.by_token(client, token, now).await,
        None => request.by_keys(client, None, Presented::new(&[]), now).await,
    }
}

/// The timeouts of one call, if there are so many regions to try.
fn timeouts(regions: usize) -> TimeoutConfig {
    let call = CALLS_MAX / u32::try_from(regions.max(1)).unwrap_or(u32::MAX);
    TimeoutConfig::builder().operation_timeout(call).operation_attempt_timeout(TRY_MAX.min(call / TRIES_IN_TIME)).build()
}

#[cfg(test)]
mod tests;
