//! The answer: the keys of a session, with the member names of AWS's `credential_process`.

use crate::kind::{Answered, Hidden, nullable, object, reference};
use crate::words::exposed;
use crate::words::names::RoleArn;
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The only version of `credential_process`.
const VERSION: u8 = 1;

/// The keys of one session.
#[derive(Serialize, Deserialize, Debug)]
pub struct AwsKeys {
    #[serde(rename = "Version")]
    version: u8,
    /// The access key's id. It is not secret.
    #[serde(rename = "AccessKeyId")]
    pub access_key_id: String,
    /// The secret key.
    #[serde(rename = "SecretAccessKey", with = "exposed::text")]
    pub secret_access_key: Secret,
    /// The session token.
    #[serde(rename = "SessionToken", with = "exposed::text")]
    pub session_token: Secret,
    /// When they end.
    #[serde(rename = "Expiration")]
    pub expires_at: UnixTime,
    /// The role's account.
    #[serde(rename = "AccountId")]
    pub account: String,
    /// The role.
    pub role: RoleArn,
    /// The session, as AWS names it.
    pub session: AwsSession,
}

/// AWS's description of the session.
#[derive(Serialize, Deserialize, Debug)]
pub struct AwsSession {
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// Its unique id: `AROA…:SESSION`.
    pub id: String,
    /// The size of its packed policies and tags, in per cent of AWS's limit, if AWS returns it.
    pub packed_policy_size: Option<i32>,
    /// The size of its session token, in per cent of AWS's limit, if AWS returns it.
    pub session_token_utilization: Option<i32>,
}

impl AwsKeys {
    /// The keys of a session of this role.
    pub fn new(
        role: RoleArn,
        (access_key_id, secret_access_key, session_token): (String, Secret, Secret),
        expires_at: UnixTime,
        session: AwsSession,
    ) -> Self {
        let account = role.account().to_owned();
        Self { access_key_id, account, expires_at, secret_access_key, session_token, version: VERSION, role, session }
    }
}

impl Answered for AwsKeys {
    const LIVES_ON: &str = "AWS sessions live on until they expire.";

    fn expires_at(&self) -> Option<UnixTime> {
        Some(self.expires_at)
    }

    fn describe(&self) -> Value {
        json!({ "role": self.role, "access_key_id": self.access_key_id, "expires_at": self.expires_at })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        vec![(&self.secret_access_key).into(), (&self.session_token).into()]
    }

    fn schema() -> Option<Value> {
        Some(reference("AwsCredential"))
    }

    fn component() -> Option<(&'static str, Value)> {
        let text = json!({ "type": "string" });
        let per_cent = nullable(&json!({ "type": "integer" }));
        let session = object(
            &["arn", "id", "packed_policy_size", "session_token_utilization"],
            json!({ "arn": text, "id": text, "packed_policy_size": per_cent, "session_token_utilization": per_cent }),
        );
        let mut schema = object(
            &["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId", "role", "session"],
            json!({
                "Version": { "type": "integer", "const": 1 }, "AccessKeyId": text, "SecretAccessKey": text, "SessionToken": text,
                "Expiration": reference("Moment"), "AccountId": { "type": "string", "pattern": "^[0-9]{12}$" }, "role": reference("RoleArn"),
                "session": session,
            }),
        );
        schema["description"] =
            "With the field names of AWS's `credential_process`; `session` is how AWS names the session.".into();
        Some(("AwsCredential", schema))
    }

    #[cfg(test)]
    fn sample() -> Value {
        let session = json!({ "arn": "arn:aws:sts::123456789012:assumed-role/r/s", "id": "AROA:s", "packed_policy_size": 6, "session_token_utilization": null });
        json!({
            "AccessKeyId": "ASIA1", "AccountId": "123456789012", "Expiration": "2027-01-15T08:00:00Z", "SecretAccessKey": "hunter2",
            "SessionToken": "hunter2", "Version": 1, "role": "arn:aws:iam::123456789012:role/r", "session": session,
        })
    }
}

/// The form that AWS's SDKs read from the endpoint of container credentials.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContainerCredentials<'a> {
    access_key_id: &'a str,
    #[serde(with = "exposed::text")]
    secret_access_key: &'a Secret,
    #[serde(with = "exposed::text")]
    token: &'a Secret,
    expiration: UnixTime,
    account_id: &'a str,
    role_arn: &'a RoleArn,
}

impl<'a> From<&'a AwsKeys> for ContainerCredentials<'a> {
    fn from(keys: &'a AwsKeys) -> Self {
        Self {
            access_key_id: &keys.access_key_id,
            account_id: &keys.account,
            expiration: keys.expires_at,
            role_arn: &keys.role,
            secret_access_key: &keys.secret_access_key,
            token: &keys.session_token,
        }
    }
}
