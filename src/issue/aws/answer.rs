//! Compares the answer of STS to either call with the request. Refuses a session that is another one, lives longer, or has keys that are
//! none of AWS's.

mod fault;
mod form;

pub(super) use fault::Fault;

use super::ask::Ask;
use crate::issue::outward::Presented;
use crate::kind::{AwsKeys, AwsSession};
use crate::words::names::RoleArn;
use crate::words::{Secret, UnixTime};
use aws_sdk_sts::config::Credentials as Keys;
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityOutput;
use aws_sdk_sts::types::{AssumedRoleUser, Credentials};
use form::{check_arn, check_keys, check_size, is_session_id};
use std::time::Duration;

/// By how much the clock of AWS may be ahead of ours. AWS refuses the requests of a machine whose clock is further away.
const CLOCKS_MAX: Duration = Duration::from_secs(300);

/// An answer of either call.
pub(super) struct Answer {
    credentials: Option<Credentials>,
    user: Option<AssumedRoleUser>,
    source_identity: Option<String>,
    packed_policy_size: Option<i32>,
    session_token_utilization: Option<i32>,
}

/// A session that is the one that was asked for.
pub(super) struct Session {
    keys: (String, Secret, Secret),
    expires_at: UnixTime,
    session: AwsSession,
    presented: Presented,
}

#[expect(deprecated, reason = "clients still read PackedPolicySize")]
impl From<AssumeRoleWithWebIdentityOutput> for Answer {
    fn from(output: AssumeRoleWithWebIdentityOutput) -> Self {
        Self {
            credentials: output.credentials,
            user: output.assumed_role_user,
            source_identity: output.source_identity,
            packed_policy_size: output.packed_policy_size,
            session_token_utilization: output.session_token_utilization,
        }
    }
}

#[expect(deprecated, reason = "clients still read PackedPolicySize")]
impl From<AssumeRoleOutput> for Answer {
    fn from(output: AssumeRoleOutput) -> Self {
        Self {
            credentials: output.credentials,
            user: output.assumed_role_user,
            source_identity: output.source_identity,
            packed_policy_size: output.packed_policy_size,
            session_token_utilization: output.session_token_utilization,
        }
    }
}

impl Answer {
    /// Compares it with the request.
    pub(super) fn compared(self, request: &Ask<'_>, presented: Presented, now: UnixTime) -> Result<Session, Fault> {
        let Credentials { access_key_id, secret_access_key, session_token, expiration, .. } =
            self.credentials.ok_or(Fault::NoCredentials)?;
        let (secret_key, token) = (Secret::from(secret_access_key), Secret::from(session_token));
        let AssumedRoleUser { arn, assumed_role_id: id, .. } = self.user.ok_or(Fault::NoUser)?;
        check_arn(&arn, request)?;
        if !is_session_id(&id, request.name) {
            return Err(Fault::Id);
        }
        let identity = self.source_identity.unwrap_or_default();
        if !identity.is_empty() && identity != request.decision.as_str() {
            return Err(Fault::SourceIdentity);
        }
        let expires_at = UnixTime::from_seconds(expiration.secs());
        if expires_at <= now {
            return Err(Fault::Over);
        }
        if expires_at > now.plus(request.ttl + CLOCKS_MAX) {
            return Err(Fault::TooLong);
        }
        check_keys(&access_key_id, &secret_key, &token)?;
        presented.check(&token)?;
        presented.check(&secret_key)?;
        let (packed_policy_size, session_token_utilization) = (self.packed_policy_size, self.session_token_utilization);
        check_size(packed_policy_size, "PackedPolicySize")?;
        check_size(session_token_utilization, "SessionTokenUtilization")?;
        let session = AwsSession { arn, id, packed_policy_size, session_token_utilization };
        Ok(Session { keys: (access_key_id, secret_key, token), expires_at, session, presented })
    }
}

impl Session {
    /// The keys that are given out.
    pub(super) fn keys(self, role: RoleArn) -> AwsKeys {
        AwsKeys::new(role, self.keys, self.expires_at, self.session)
    }

    /// The keys of the intermediate role, for the next call, and all that is presented with it. The library wipes the keys when they are
    /// dropped, and nothing logs them.
    pub(super) fn into_keys(self) -> (Keys, Presented) {
        let (id, secret_key, token) = self.keys;
        let text = |secret: &Secret| secret.expose_text().unwrap_or_default().to_owned();
        let keys = Keys::new(id, text(&secret_key), Some(text(&token)), None, "via");
        (keys, self.presented.and(&token).and(&secret_key))
    }
}

#[cfg(test)]
mod tests;
