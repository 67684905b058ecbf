//! A provider of a workload identity pool: whose tokens it takes, to which attributes it maps their claims, and on which condition.
//!
//! Source: IAM API, `projects.locations.workloadIdentityPools.providers`. Google refuses a token that lacks a mapped claim, or has
//! one that is no text. So the policy asks for each mapped claim as a text.

use super::cel::{self, Path, Test};
use super::error::GcpError;
use crate::policy::import::conditions::{Claim, Conditions, exactly, starting};
use crate::policy::import::members::{MemberError, Members};
use crate::token::parse_document;
use serde_json::Value;
use std::collections::BTreeMap;

const COMMAND: &str = "gcloud iam workload-identity-pools providers describe --format=json";
/// Members that do not change whom it lets in.
const FOR_PEOPLE: [&str; 3] = ["displayName", "description", "etag"];
const READ: [&str; 7] = ["name", "state", "disabled", "oidc", "attributeMapping", "attributeCondition", "expireTime"];
const OF_OIDC: [&str; 3] = ["issuerUri", "allowedAudiences", "jwksJson"];

/// A provider that was read.
pub(super) struct Provider {
    /// The pool: `projects/…/workloadIdentityPools/POOL`.
    pub(super) pool: String,
    pub(super) issuer: String,
    mapped: BTreeMap<String, Claim>,
    pub(super) conditions: Conditions,
}

impl Provider {
    /// Reads a file.
    pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Self, GcpError> {
        let other = |expected| MemberError::Form { file: file.to_owned(), command: COMMAND, expected };
        let document = parse_document(bytes).map_err(|fault| MemberError::Json { file: file.to_owned(), fault })?;
        let Value::Object(mut members) = document else { return Err(other("an object").into()) };
        let oidc = members.get_mut("oidc").map(Value::take);
        let members = Members::of(file, members, &[&FOR_PEOPLE, &READ])?;
        let Some(Value::Object(oidc)) = oidc else {
            return Err(GcpError::Field {
                field: "oidc",
                why: "it is missing: providers of AWS, SAML and X.509 are not imported",
            });
        };
        let oidc = Members::of(file, oidc, &[&OF_OIDC])?;
        if members.flag("disabled")? || members.text("state")?.is_some_and(|state| state != "ACTIVE") {
            return Err(GcpError::Field { field: "state", why: "it is disabled or deleted, and lets nobody in" });
        }
        let name = members.text("name")?.unwrap_or_default();
        let (pool, _) = name.split_once("/providers/").ok_or_else(|| {
            other("an object with `name` like projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER")
        })?;
        let issuer = oidc.text("issuerUri")?.ok_or_else(|| other("an object with `oidc.issuerUri`"))?;
        let mut provider =
            Self { pool: pool.to_owned(), issuer: issuer.to_owned(), mapped: BTreeMap::new(), conditions: Conditions::default() };
        if oidc.text("jwksJson")?.is_some() {
            let note = "the provider has keys of its own (`jwksJson`): configure the same keys for the issuer in daypass.yaml";
            provider.conditions.notes.push(note.to_owned());
        }
        provider.map(&members)?;
        provider.condition(&members)?;
        for claim in provider.mapped.values() {
            provider.conditions.some_text(claim)?;
        }
        Ok(provider)
    }

    fn map(&mut self, members: &Members) -> Result<(), GcpError> {
        for (attribute, expression) in members.members("attributeMapping")? {
            let field = || format!("attributeMapping, {attribute}");
            if attribute == "google.groups" {
                return Err(GcpError::Field {
                    field: "attributeMapping",
                    why: "`google.groups` is a list, which no line matches",
                });
            }
            let text = expression.as_str().unwrap_or_default();
            let path = cel::read_path(text).map_err(|reason| GcpError::Cel { field: field(), reason })?;
            let [first, steps @ ..] = &path.0[..] else { continue };
            if first != "assertion" {
                return Err(GcpError::NotMapped { field: field(), attribute: path.0.join(".") });
            }
            self.mapped.insert(attribute.clone(), Claim::of(steps));
        }
        if self.mapped.contains_key("google.subject") {
            return Ok(());
        }
        Err(GcpError::Field { field: "attributeMapping", why: "`google.subject` is missing, and nobody gets in without it" })
    }

    fn condition(&mut self, members: &Members) -> Result<(), GcpError> {
        const FIELD: &str = "attributeCondition";
        let Some(text) = members.text(FIELD)? else { return Ok(()) };
        let terms = cel::read(text).map_err(|reason| GcpError::Cel { field: FIELD.to_owned(), reason })?;
        for term in terms {
            let claim = self.claim(&term.path, FIELD)?;
            let conditions = &mut self.conditions;
            let piece = |text: &str, reason| GcpError::Piece { field: FIELD.to_owned(), text: text.to_owned(), reason };
            match term.test {
                Test::Is(flag) => conditions.flag(&claim, flag)?,
                Test::Among(texts) => {
                    if texts.is_empty() {
                        return Err(GcpError::Field { field: FIELD, why: "an empty list, which nobody is in" });
                    }
                    let one = |text: &String| {
                        if text.is_empty() { Err(empty(FIELD)) } else { exactly(text).map_err(|reason| piece(text, reason)) }
                    };
                    let patterns = texts.iter().map(one).collect::<Result<_, _>>()?;
                    conditions.texts(&claim, patterns)?;
                }
                Test::Starts(text) => {
                    let (pattern, note) = starting(&text).map_err(|reason| piece(&text, reason))?;
                    conditions.notes.extend(note);
                    conditions.texts(&claim, vec![pattern])?;
                }
            }
        }
        Ok(())
    }

    fn claim(&self, path: &Path, field: &str) -> Result<Claim, GcpError> {
        match &path.0[..] {
            [first, steps @ ..] if first == "assertion" => Ok(Claim::of(steps)),
            steps => self.mapped(&steps.join("."), field),
        }
    }

    /// The claim that an attribute is mapped from.
    pub(super) fn mapped(&self, attribute: &str, field: &str) -> Result<Claim, GcpError> {
        let missing = || GcpError::NotMapped { field: field.to_owned(), attribute: attribute.to_owned() };
        self.mapped.get(attribute).cloned().ok_or_else(missing)
    }
}

const fn empty(field: &'static str) -> GcpError {
    GcpError::Field { field, why: "the empty text, which no line matches" }
}
