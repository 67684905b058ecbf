//! What leaves: AWS keys, a token of our own, an opened secret; each in the native API's form.

use super::secret::OpenedSecret;
use crate::words::names::{Audience, RoleArn, SecretPath};
use crate::words::{Digest, Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// One issued credential.
#[derive(Debug)]
pub enum Credential {
    /// AWS keys.
    Aws(AwsCredential),
    /// A token of our own issuer.
    IdToken(IdToken),
    /// A secret.
    Secret(OpenedSecret),
    /// A secret as an older commit had it.
    SecretAt(OpenedSecret),
    /// The file key of a document.
    FileKey(FileKey),
}

/// AWS keys of one session.
#[derive(Debug)]
pub struct AwsCredential {
    /// The role.
    pub role: RoleArn,
    /// The access key's id: no secret.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: Secret,
    /// The session token.
    pub session_token: Secret,
    /// When they end.
    pub expires_at: UnixTime,
    /// The session, as AWS names it: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub session_arn: String,
    /// Its unique id: `AROA…:SESSION`.
    pub session_id: String,
    /// How much of AWS's room its policies and tags take, in per cent, where AWS says so.
    pub packed_policy_size: Option<i32>,
    /// How much of a session token's room this one takes, in per cent, where AWS says so.
    pub session_token_utilization: Option<i32>,
}

/// A token of our own issuer.
#[derive(Debug)]
pub struct IdToken {
    /// Whom it is for.
    pub audience: Audience,
    /// The token.
    pub token: Secret,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// The file key of one header of a document (c2sp.org/age): by it all of the document opens.
#[derive(Debug)]
pub struct FileKey {
    /// The document.
    pub document: SecretPath,
    /// Which of its headers.
    pub header: Digest,
    /// The key, 16 bytes.
    pub key: Secret,
}

impl Credential {
    /// When it ends, if it does.
    pub const fn expires_at(&self) -> Option<UnixTime> {
        match self {
            Self::Aws(aws) => Some(aws.expires_at),
            Self::IdToken(token) => Some(token.expires_at),
            Self::Secret(secret) | Self::SecretAt(secret) => secret.expires_at,
            Self::FileKey(_) => None,
        }
    }

    /// What it is, as a metric's label.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Aws(_) => "aws",
            Self::IdToken(_) => "id_token",
            Self::Secret(_) => "secret",
            Self::SecretAt(_) => "secret_at",
            Self::FileKey(_) => "file_key",
        }
    }

    /// For the audit log: what it was, and nothing that opens anything.
    pub fn describe(&self) -> Value {
        let expires_at = self.expires_at().map(|moment| moment.to_string());
        match self {
            Self::Aws(aws) => {
                json!({ "aws": { "role": aws.role, "access_key_id": aws.access_key_id, "expires_at": expires_at } })
            }
            Self::IdToken(token) => json!({ "id_token": { "audience": token.audience, "expires_at": expires_at } }),
            Self::Secret(secret) => json!({ "secret": secret.describe() }),
            Self::SecretAt(secret) => json!({ "secret_at": secret.describe() }),
            Self::FileKey(key) => json!({ "file_key": { "document": key.document, "header": key.header.to_string() } }),
        }
    }

    /// For the answer alone; AWS keys with the field names of `credential_process`.
    pub fn to_json(&self) -> Value {
        let text = |secret: &Secret| secret.expose_text().unwrap_or_default().to_owned();
        match self {
            Self::Aws(aws) => json!({ "aws": {
                "Version": 1, "AccessKeyId": aws.access_key_id, "SecretAccessKey": text(&aws.secret_access_key),
                "SessionToken": text(&aws.session_token), "Expiration": aws.expires_at.to_string(), "AccountId": aws.role.account(), "role": aws.role,
                "session": {
                    "arn": aws.session_arn, "id": aws.session_id, "packed_policy_size": aws.packed_policy_size,
                    "session_token_utilization": aws.session_token_utilization,
                },
            } }),
            Self::IdToken(token) => {
                json!({ "id_token": { "audience": token.audience, "token": text(&token.token), "expires_at": token.expires_at.to_string() } })
            }
            Self::Secret(secret) => json!({ "secret": secret.to_json() }),
            Self::SecretAt(secret) => json!({ "secret_at": secret.to_json() }),
            Self::FileKey(key) => json!({ "file_key": { "document": key.document, "key": STANDARD.encode(key.key.expose()) } }),
        }
    }
}
