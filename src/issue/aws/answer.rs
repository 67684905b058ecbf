//! The answer of STS to either call, read as one credential.

use crate::kind::{AwsKeys, AwsSession};
use crate::policy::AwsTerms;
use crate::words::names::{DecisionId, RoleArn};
use crate::words::{Denial, Reason, UnixTime};
use aws_sdk_sts::config::Credentials as Keys;
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityOutput;
use aws_sdk_sts::types::{AssumedRoleUser, Credentials};

pub(super) struct Answer {
    credentials: Option<Credentials>,
    user: Option<AssumedRoleUser>,
    packed_policy_size: Option<i32>,
    session_token_utilization: Option<i32>,
}

#[expect(deprecated, reason = "clients still read PackedPolicySize")]
impl From<AssumeRoleWithWebIdentityOutput> for Answer {
    fn from(output: AssumeRoleWithWebIdentityOutput) -> Self {
        let (packed_policy_size, session_token_utilization) = (output.packed_policy_size, output.session_token_utilization);
        Self { credentials: output.credentials, user: output.assumed_role_user, packed_policy_size, session_token_utilization }
    }
}

#[expect(deprecated, reason = "clients still read PackedPolicySize")]
impl From<AssumeRoleOutput> for Answer {
    fn from(output: AssumeRoleOutput) -> Self {
        let (packed_policy_size, session_token_utilization) = (output.packed_policy_size, output.session_token_utilization);
        Self { credentials: output.credentials, user: output.assumed_role_user, packed_policy_size, session_token_utilization }
    }
}

impl Answer {
    /// The keys of the intermediate role. The library wipes them when they are dropped, and nothing logs them.
    pub(super) fn into_keys(self, role: &RoleArn, now: UnixTime) -> Result<Keys, Denial> {
        let broken = |cause: &str| Reason::AwsUnavailable.with_cause(format!("first hop, to {role}: {cause}"));
        let credentials = self.credentials.ok_or_else(|| broken("the answer holds no credentials"))?;
        let arn = self.user.map(|user| user.arn).unwrap_or_default();
        if !arn.is_empty() && arn.split(':').nth(4) != Some(role.account()) {
            return Err(broken("the answer's session is of another account"));
        }
        if UnixTime::from_seconds(credentials.expiration.secs()) <= now {
            return Err(broken("the answer's session is over already"));
        }
        let Credentials { access_key_id, secret_access_key, session_token, .. } = credentials;
        Ok(Keys::new(access_key_id, secret_access_key, Some(session_token), None, "via"))
    }

    /// The session's keys. Refuses a session of another account, because then the STS answered for somebody else, and an expired one.
    pub(super) fn keys(self, terms: &AwsTerms, decision: &DecisionId, now: UnixTime) -> Result<AwsKeys, Denial> {
        let broken = |cause: &str| Reason::AwsUnavailable.with_cause(cause);
        let credentials = self.credentials.ok_or_else(|| broken("the answer holds no credentials"))?;
        let (arn, id) = self.user.map(|user| (user.arn, user.assumed_role_id)).unwrap_or_default();
        let session_arn = if arn.is_empty() { session_arn(&terms.role, terms.name_of_session(decision)) } else { arn };
        if session_arn.split(':').nth(4) != Some(terms.role.account()) {
            return Err(broken("the answer's session is of another account"));
        }
        let expires_at = UnixTime::from_seconds(credentials.expiration.secs());
        if expires_at <= now {
            return Err(broken("the answer's session is over already"));
        }
        let session = AwsSession {
            arn: session_arn,
            id,
            packed_policy_size: self.packed_policy_size,
            session_token_utilization: self.session_token_utilization,
        };
        let Credentials { access_key_id, secret_access_key, session_token, .. } = credentials;
        let keys = (access_key_id, secret_access_key.into(), session_token.into());
        Ok(AwsKeys::new(terms.role.clone(), keys, expires_at, session))
    }
}

/// The session's ARN, for an STS that does not return it. AWS leaves the role's path out of it.
fn session_arn(role: &RoleArn, session: &str) -> String {
    let partition = role.as_str().split(':').nth(1).unwrap_or("aws");
    let name = role.as_str().rsplit('/').next().unwrap_or_default();
    format!("arn:{partition}:sts::{}:assumed-role/{name}/{session}", role.account())
}
