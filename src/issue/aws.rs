//! AWS sessions by STS. In `web-identity` mode daypass shows AWS a token of its own and holds no AWS key.

mod answer;

use super::credential::AwsCredential;
use super::keypair::SigningAlgorithm;
use super::signing::SigningKeys;
use crate::policy::AwsTerms;
use crate::words::names::DecisionId;
use crate::words::{Denial, Reason, Secret, UnixTime};
use answer::Answer;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use aws_sdk_sts::{Client, Config};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The audience that AWS documents for its STS.
pub(super) const AUDIENCE: &str = "sts.amazonaws.com";
/// The token is used at once.
const TOKEN_LIFETIME: Duration = Duration::from_secs(300);
/// All tries in one region together.
const CALL_MAX: Duration = Duration::from_secs(8);
/// One try.
const TRY_MAX: Duration = Duration::from_secs(4);
/// Tries in one region: the first, and two for throttling and resets.
const TRIES_MAX: u32 = 3;
/// Over all regions: a job waits no longer.
const TOTAL_MAX: Duration = Duration::from_secs(10);
/// A sentence of AWS's, with the ARNs in it.
const CAUSE_CHARS_MAX: usize = 500;

/// How AWS is asked.
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
    /// How AWS is asked.
    pub mode: AwsMode,
    /// The regions, in the order of preference.
    pub regions: Vec<String>,
    /// Another STS than AWS's own.
    pub endpoint: Option<String>,
    /// What web identity tokens are signed with.
    pub algorithm: SigningAlgorithm,
}

/// AWS.
pub struct Aws {
    mode: AwsMode,
    algorithm: SigningAlgorithm,
    clients: Vec<Client>,
    signing: Arc<SigningKeys>,
}

impl Aws {
    /// One client for each region. Only `assume-role` looks for credentials of this machine.
    pub async fn new(settings: &AwsSettings, signing: Arc<SigningKeys>) -> Self {
        let mut clients = Vec::new();
        for region in &settings.regions {
            let mut config = match settings.mode {
                AwsMode::WebIdentity => Config::builder().behavior_version(BehaviorVersion::latest()),
                AwsMode::AssumeRole => {
                    aws_sdk_sts::config::Builder::from(&aws_config::load_defaults(BehaviorVersion::latest()).await)
                }
            };
            config.set_endpoint_url(settings.endpoint.clone());
            let timeouts = TimeoutConfig::builder().operation_timeout(CALL_MAX).operation_attempt_timeout(TRY_MAX).build();
            let retries = RetryConfig::standard().with_max_attempts(TRIES_MAX);
            clients.push(Client::from_conf(
                config.region(Region::new(region.clone())).timeout_config(timeouts).retry_config(retries).build(),
            ));
        }
        Self { mode: settings.mode, algorithm: settings.algorithm, clients, signing }
    }

    /// A session on these terms; the next region is asked only when one does not answer.
    pub async fn issue(
        &self,
        terms: &AwsTerms,
        subject: &str,
        decision: &DecisionId,
        now: UnixTime,
    ) -> Result<AwsCredential, Denial> {
        let asked = async {
            let mut last = Reason::AwsUnavailable.because("no region is configured");
            for client in &self.clients {
                let answer = match self.mode {
                    AwsMode::WebIdentity => self.assume_with_token(client, terms, subject, decision, now).await,
                    AwsMode::AssumeRole => assume_role(client, terms, decision).await,
                };
                match answer {
                    Err(denial) if denial.reason == Reason::AwsUnavailable => last = denial,
                    done => return done,
                }
            }
            Err(last)
        };
        let late = |_| Reason::AwsUnavailable.because(format!("no answer within {} s", TOTAL_MAX.as_secs()));
        tokio::time::timeout(TOTAL_MAX, asked).await.map_err(late)??.credential(terms, decision, now)
    }

    async fn assume_with_token(
        &self,
        client: &Client,
        terms: &AwsTerms,
        subject: &str,
        decision: &DecisionId,
        now: UnixTime,
    ) -> Result<Answer, Denial> {
        let token = self.token(terms, subject, decision, now)?;
        let call = client
            .assume_role_with_web_identity()
            .role_arn(terms.role.as_str())
            .role_session_name(decision.as_str())
            .web_identity_token(token.expose_text().unwrap_or_default())
            .duration_seconds(seconds(terms.ttl))
            .set_policy(terms.session_policy.clone())
            .set_policy_arns(managed(terms));
        call.send().await.map(Answer::from).map_err(|fault| refused(&fault))
    }

    /// The token that AWS sees: tags and source identity in the claims that AWS documents for them.
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
        self.signing.mint(self.algorithm, AUDIENCE, subject, decision, now, now.plus(TOKEN_LIFETIME), extra)
    }
}

async fn assume_role(client: &Client, terms: &AwsTerms, decision: &DecisionId) -> Result<Answer, Denial> {
    let malformed = |fault: aws_sdk_sts::error::BuildError| Reason::Internal.because(fault.to_string());
    let tags = terms.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(malformed));
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    let call = client
        .assume_role()
        .role_arn(terms.role.as_str())
        .role_session_name(decision.as_str())
        .source_identity(decision.as_str())
        .duration_seconds(seconds(terms.ttl))
        .set_tags((!tags.is_empty()).then_some(tags))
        .set_transitive_tag_keys((!terms.transitive.is_empty()).then(|| terms.transitive.clone()))
        .set_policy(terms.session_policy.clone())
        .set_policy_arns(managed(terms));
    call.send().await.map(Answer::from).map_err(|fault| refused(&fault))
}

fn managed(terms: &AwsTerms) -> Option<Vec<PolicyDescriptorType>> {
    let one = |arn: &String| PolicyDescriptorType::builder().arn(arn).build();
    (!terms.session_policy_arns.is_empty()).then(|| terms.session_policy_arns.iter().map(one).collect())
}

fn seconds(ttl: Duration) -> i32 {
    i32::try_from(ttl.as_secs()).unwrap_or(i32::MAX)
}

/// AWS's own words go to the audit log, shortened; bytes of an answer never do, for they may hold credentials.
fn refused<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static>(fault: &SdkError<E>) -> Denial {
    /// AWS STS: the session policy is no policy, or with the tags too large once it is packed.
    const POLICY: [&str; 2] = ["MalformedPolicyDocument", "PackedPolicyTooLarge"];
    const PASSING: [&str; 4] = ["Throttling", "ThrottlingException", "ServiceUnavailable", "InternalFailure"];
    match fault {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let Some(code) = service.err().code() else {
                return Reason::AwsUnavailable.because(format!("the answer ({status}) is not one of an STS"));
            };
            let words: String = service.err().message().unwrap_or_default().chars().take(CAUSE_CHARS_MAX).collect();
            if POLICY.contains(&code) {
                let cause = format!("{code} ({status}): {words}");
                return Reason::SessionPolicyRefused
                    .because(cause)
                    .saying(format!("AWS does not take the session policy: {code}."));
            }
            let denied = (400..500).contains(&status) && !PASSING.contains(&code);
            let reason = if denied { Reason::AwsDenied } else { Reason::AwsUnavailable };
            reason.because(format!("{code} ({status}): {words}"))
        }
        SdkError::TimeoutError(_) => Reason::AwsUnavailable.because("no answer in time"),
        SdkError::DispatchFailure(fault) => {
            Reason::AwsUnavailable.because(format!("not reached: {}", chain(fault.as_connector_error().map(|fault| fault as _))))
        }
        SdkError::ResponseError(_) => Reason::AwsUnavailable.because("the answer is not one of an STS"),
        SdkError::ConstructionFailure(_) | _ => Reason::AwsUnavailable.because("the request could not be made"),
    }
}

fn chain(mut cause: Option<&(dyn std::error::Error + 'static)>) -> String {
    let mut words = Vec::new();
    while let Some(inner) = cause {
        words.push(inner.to_string());
        cause = inner.source();
    }
    words.join(": ")
}

#[cfg(test)]
mod tests;
