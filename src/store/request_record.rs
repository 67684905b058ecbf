//! The record of a request, and of what follows it. Whoever writes one and whoever reads one uses this type, so that no member has
//! another name on one side.

use super::body::{FormatVersion, RECORD_BYTES_MAX};
use super::use_record::{
    AuditReadRecord, DenialRecord, ReplayRecord, RewriteRecord, SecretStatusRecord, TransitRecord, UseRecord,
};
use crate::answers::FirstUseOf;
use crate::identity::Attribute;
use crate::kind::{IssuedValues, LISTED_VALUES_BYTES_MAX, only_issued};
use crate::policy::{AwsNarrowing, CREDENTIALS_MAX};
use crate::words::names::{DecisionId, IssuerName, PolicyName, RowName, SourceName};
use crate::words::{CanonicalObject, CanonicalValue, Digest, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The repository of each further source whose policies decided, or were asked for by name.
pub type RecordedSources = BTreeMap<SourceName, String>;

/// What is issued, which is the longest part; all others are from one request, whose body and token are far smaller than the rest.
const _: () = assert!(2 * CREDENTIALS_MAX * LISTED_VALUES_BYTES_MAX <= RECORD_BYTES_MAX);

/// The body of a request's record. A member is absent where it does not apply, and earlier versions wrote records without some of them.
///
/// The members are in the order of their names, because they are written in this order and a body is canonical JSON.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct RequestRecord {
    /// The API that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Cow<'static, str>>,
    /// The canonical attributes, if the identity was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<CanonicalObject>,
    /// The page of the audit log that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_read: Option<AuditReadRecord>,
    /// The cause of a refusal or failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The hash of the claims. Only the store sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Digest>,
    /// The client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<IpAddr>,
    /// The requested credentials, in the audit log's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Vec<String>>,
    /// What stands for the requested credentials where they are too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_left_out: Option<CredentialsLeftOut>,
    /// The denial that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<DenialRecord>,
    /// The use that bound the token to another client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_use: Option<FirstUseOf>,
    /// The session in which it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_session: Option<DecisionId>,
    /// What was issued as each credential, without what opens anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<Vec<CanonicalValue>>,
    /// The issuer of the verified token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerName>,
    /// How the request narrowed its grant. A stored answer serves only a request that narrows it in the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub narrowed: Option<AwsNarrowing>,
    /// Set where a reader sees only a part of the record. No stored record has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<bool>,
    /// The policies that grant, one for each credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyName>>,
    /// The policy that the request named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// The commits of the policies that granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_revision: Option<String>,
    /// The provider that ended a token, or did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The code of a refusal or failure; of a revocation the words of whoever revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
    /// The first decision, whose answer was given again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<DecisionId>,
    /// The candidate that was replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<ReplayRecord>,
    /// The commit in force, where that is another one than that of the policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_in_force: Option<String>,
    /// The files that were encrypted anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<RewriteRecord>,
    /// The rows of the policies, one for each credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<Option<RowName>>>,
    /// The state of the secrets that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_status: Option<SecretStatusRecord>,
    /// The session that a login begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionRecord>,
    /// The caller's name for an AWS session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// The repositories of further sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<RecordedSources>,
    /// The token's subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Set where the token had ended, and its session goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_ended: Option<bool>,
    /// The use of a transit key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit: Option<TransitRecord>,
    /// The issuer that a token claims whose signature was not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unverified_issuer: Option<IssuerName>,
    /// The version of the format.
    pub v: FormatVersion,
}

/// What stands for a list of credentials that is too long.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct CredentialsLeftOut {
    /// How many there are.
    pub count: usize,
    /// The digest of all of them, one a line.
    pub sha256: Digest,
}

/// A session, as the record of a login has it.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct SessionRecord {
    /// When it ends, once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixTime>,
    /// The policy that it is for.
    pub policy: Option<PolicyName>,
}

impl RequestRecord {
    /// Reads the bytes of a body; `None` if this version cannot.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The bytes of the body.
    pub(super) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_else(|fault| unreachable!("{fault}"))
    }

    /// Adds what was done on this server for a granted use.
    pub fn add_use(&mut self, used: UseRecord) {
        match used {
            UseRecord::AuditRead(record) => self.audit_read = Some(record),
            UseRecord::Denied(record) => self.denied = Some(record),
            UseRecord::Replayed(record) => self.replayed = Some(record),
            UseRecord::Rewritten(record) => self.rewritten = Some(record),
            UseRecord::SecretStatus(record) => self.secret_status = Some(record),
            UseRecord::Transit(record) => self.transit = Some(record),
        }
    }

    /// The repository's name, if the identity was known and has one.
    pub fn repository(&self) -> Option<&str> {
        self.attributes.as_ref()?.get(Attribute::Repository.as_str())?.as_str()
    }

    /// What was issued as the credential of this number, without what opens anything.
    pub fn issued(&self, number: usize) -> Option<&Value> {
        self.issued.as_ref()?.get(number).map(|issued| &**issued)
    }

    /// The values that were issued of the document of this number, if it was not issued whole.
    pub fn issued_values(&self, number: usize) -> Option<IssuedValues> {
        only_issued(self.issued(number)?)
    }

    /// The requested credentials; none where they are not known.
    pub fn requested(&self) -> &[String] {
        self.credentials.as_deref().unwrap_or_default()
    }

    /// The policies that grant; none where nothing was granted.
    pub fn granting(&self) -> &[PolicyName] {
        self.policies.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
