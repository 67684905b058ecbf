//! The calls of AWS STS that assume a role.

use super::answer::{Answer, Session};
use super::ask::Ask;
use super::refusal::{refused, strange};
use crate::issue::outward::Presented;
use crate::words::{Denial, Reason, Secret, UnixTime};
use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use aws_sdk_sts::{Client, Config};
use std::time::Duration;

impl Ask<'_> {
    /// Authenticates with a token of our issuer.
    pub(super) async fn by_token(&self, client: &Client, token: &Secret, now: UnixTime) -> Result<Session, Denial> {
        let call = client
            .assume_role_with_web_identity()
            .role_arn(self.role.as_str())
            .role_session_name(self.name)
            .web_identity_token(token.expose_text().unwrap_or_default())
            .duration_seconds(seconds(self.ttl))
            .set_policy(self.policy.clone())
            .set_policy_arns(self.managed());
        let presented = Presented::new(&[token]);
        match call.send().await {
            Ok(output) => self.compared(output, presented, now),
            Err(fault) => Err(refused(&fault, self, &presented)),
        }
    }

    /// Authenticates with these AWS keys, or with the machine's own. The client holds the keys only for this call. `presented` is what this
    /// call and the one before it present.
    pub(super) async fn by_keys(
        &self,
        client: &Client,
        keys: Option<Credentials>,
        presented: Presented,
        now: UnixTime,
    ) -> Result<Session, Denial> {
        let malformed = |fault: aws_sdk_sts::error::BuildError| Reason::Internal.with_cause(fault.to_string());
        let tags = self.tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().map_err(malformed));
        let tags = tags.collect::<Result<Vec<_>, _>>()?;
        let call = client
            .assume_role()
            .role_arn(self.role.as_str())
            .role_session_name(self.name)
            .set_source_identity(self.source_identity.map(|decision| decision.as_str().to_owned()))
            .duration_seconds(seconds(self.ttl))
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_transitive_tag_keys((!self.transitive.is_empty()).then(|| self.transitive.to_vec()))
            .set_policy(self.policy.clone())
            .set_policy_arns(self.managed())
            .set_external_id(self.external_id.map(str::to_owned));
        let answer = match keys {
            Some(keys) => call.customize().config_override(Config::builder().credentials_provider(keys)).send().await,
            None => call.send().await,
        };
        match answer {
            Ok(output) => self.compared(output, presented, now),
            Err(fault) => Err(refused(&fault, self, &presented)),
        }
    }

    fn compared(&self, output: impl Into<Answer>, presented: Presented, now: UnixTime) -> Result<Session, Denial> {
        output.into().compared(self, presented, now).map_err(|fault| strange(fault, self))
    }

    fn managed(&self) -> Option<Vec<PolicyDescriptorType>> {
        let one = |arn: &String| PolicyDescriptorType::builder().arn(arn).build();
        (!self.policy_arns.is_empty()).then(|| self.policy_arns.iter().map(one).collect())
    }
}

fn seconds(ttl: Duration) -> i32 {
    i32::try_from(ttl.as_secs()).unwrap_or(i32::MAX)
}
