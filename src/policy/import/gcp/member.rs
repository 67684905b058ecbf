//! Reads who may act as a service account: `principal://…/subject/SUBJECT`, `principalSet://…/attribute.NAME/VALUE`, or a whole pool.
//!
//! Source: IAM docs, "Principal identifiers".

use super::error::GcpError;
use crate::policy::import::members::{MemberError, Members};
use crate::token::parse_document;
use serde_json::Value;

const COMMAND: &str = "gcloud iam service-accounts get-iam-policy ADDRESS --format=json";
const READ: [&str; 4] = ["bindings", "etag", "version", "auditConfigs"];
const OF_BINDING: [&str; 3] = ["role", "members", "condition"];
/// Roles by which a federated identity gets tokens of the account (IAM docs, "Service account roles").
const ROLES: [&str; 2] = ["roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator"];
const SERVICE: &str = "//iam.googleapis.com/";

/// A member of a service account's policy: identities of a pool.
pub(super) struct Member {
    pub(super) text: String,
    pub(super) pool: String,
    pub(super) who: PrincipalSet,
}

/// Which identities of the pool.
pub(super) enum PrincipalSet {
    Whole,
    /// Those with this value of an attribute, which the provider maps.
    Attribute(String, String),
}

/// Reads a file: each member, or why it is not imported.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Vec<Result<Member, GcpError>>, GcpError> {
    let other = |expected| MemberError::Form { file: file.to_owned(), command: COMMAND, expected };
    let document = parse_document(bytes).map_err(|fault| MemberError::Json { file: file.to_owned(), fault })?;
    let Value::Object(mut members) = document else { return Err(other("an object with `bindings`").into()) };
    let bindings = members.get_mut("bindings").map(Value::take);
    Members::of(file, members, &[&READ])?;
    let Some(Value::Array(bindings)) = bindings else { return Err(other("an object with `bindings`").into()) };
    let mut found = Vec::new();
    for binding in bindings {
        let Value::Object(binding) = binding else { return Err(other("bindings that are objects").into()) };
        let binding = Members::of(file, binding, &[&OF_BINDING])?;
        let role = binding.text("role")?.unwrap_or_default().to_owned();
        for member in binding.texts("members")?.into_iter().filter(|member| member.starts_with("principal")) {
            let refused = |why| GcpError::Member { member: member.to_owned(), why };
            found.push(if !ROLES.contains(&role.as_str()) {
                Err(refused(
                    "its role is neither workloadIdentityUser nor serviceAccountTokenCreator: what it allows is not known here",
                ))
            } else if binding.is_there("condition") {
                Err(refused("its binding has a condition of IAM's own, and the policy would be wider without it"))
            } else {
                Member::parse(member)
            });
        }
    }
    if found.is_empty() { Err(GcpError::NoMember) } else { Ok(found) }
}

impl Member {
    fn parse(text: &str) -> Result<Self, GcpError> {
        let refused = |why| GcpError::Member { member: text.to_owned(), why };
        let (kind, rest) = text.split_once(':').unwrap_or_default();
        let rest = rest.strip_prefix(SERVICE).ok_or_else(|| refused("expected principal://iam.googleapis.com/…"))?;
        let (before, behind) =
            rest.split_once("/workloadIdentityPools/").ok_or_else(|| refused("it is of no workload identity pool"))?;
        let (pool, who) =
            behind.split_once('/').ok_or_else(|| refused("it names neither a subject, nor an attribute, nor all"))?;
        if who.contains('%') {
            return Err(refused("`%` may be an escape, and readers differ: write the policy by hand"));
        }
        let who = match (kind, who.split_once('/')) {
            ("principalSet", None) if who == "*" => PrincipalSet::Whole,
            ("principal", Some(("subject", subject))) => PrincipalSet::Attribute("google.subject".to_owned(), subject.to_owned()),
            ("principalSet", Some((attribute, value))) if attribute.starts_with("attribute.") => {
                PrincipalSet::Attribute(attribute.to_owned(), value.to_owned())
            }
            ("principalSet", Some(("group", _))) => return Err(refused("a group is one of a list, which no line matches")),
            _ => return Err(refused("expected subject/SUBJECT, attribute.NAME/VALUE or *")),
        };
        if matches!(&who, PrincipalSet::Attribute(_, value) if value.is_empty()) {
            return Err(refused("it has no value"));
        }
        Ok(Self { text: text.to_owned(), pool: format!("{before}/workloadIdentityPools/{pool}"), who })
    }
}
