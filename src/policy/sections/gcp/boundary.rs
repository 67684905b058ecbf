//! A credential access boundary: which buckets and objects of Cloud Storage a token reaches. Google supports it for no other service.
//!
//! Google Cloud, "Downscope with Credential Access Boundaries": at most 10 rules. The bucket and the prefix stand in an expression, between
//! quotes: the characters of both are checked, and a quote is not among them.

use crate::policy::error::{FillError, FilledError};
use crate::policy::template::{Row, fill_row_text};
use crate::words::yaml::{Fields, Node};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// From that page.
pub(super) const RULES_MAX: usize = 10;
/// Cloud Storage, "About bucket names": 3 to 63, and up to 222 with dots.
const BUCKET_BYTES: std::ops::RangeInclusive<usize> = 3..=222;
/// Cloud Storage, "About objects": the longest name of an object.
const PREFIX_BYTES_MAX: usize = 1024;
/// IAM, "Create and manage custom roles": an id has 64 characters at most; a project's has 30.
const ROLE_BYTES_MAX: usize = 128;
/// The prefix of a role in a boundary: the token keeps those of its permissions that the role has.
pub(super) const IN_ROLE: &str = "inRole:";

/// Which buckets and objects of Cloud Storage a token reaches. It has at least one rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Boundary(Vec<BucketRule>);

/// The rule of one bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
struct BucketRule {
    bucket: String,
    permissions: BTreeSet<String>,
    prefix: Option<String>,
}

/// Why a value is no part of a boundary.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum BoundaryError {
    #[error(transparent)]
    Fill(#[from] FillError),
    #[error("a bucket of Cloud Storage has 3 to 222 lower-case letters, digits, `-`, `_` and `.`")]
    Bucket,
    #[error("a prefix of objects has up to {PREFIX_BYTES_MAX} letters, digits and `-._/=+@~`")]
    Prefix,
    #[error(
        "expected `{IN_ROLE}roles/storage.ROLE`, or a role of your own as `{IN_ROLE}projects/PROJECT/roles/ROLE`: a boundary is of Cloud Storage alone"
    )]
    Permission,
}

impl Boundary {
    /// Reads a list of rules. A faulty boundary is never left out: the token would reach more.
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        let nodes = fields.one_or_many(node);
        if nodes.is_empty() || nodes.len() > RULES_MAX {
            fields.fault(node.place, format!("a boundary has 1 to {RULES_MAX} rules"));
            return None;
        }
        let rules: Vec<Option<BucketRule>> = nodes.iter().map(|node| read_rule(fields, node, row)).collect();
        rules.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }

    /// The boundary in the form of `options` of Google's STS.
    pub fn options(&self) -> Value {
        json!({ "accessBoundary": { "accessBoundaryRules": self.0.iter().map(BucketRule::options).collect::<Vec<_>>() } })
    }
}

impl BucketRule {
    fn options(&self) -> Value {
        let bucket = format!("projects/_/buckets/{}", self.bucket);
        let resource = format!("//storage.googleapis.com/{bucket}");
        let mut rule = json!({ "availableResource": resource, "availablePermissions": self.permissions });
        if let Some(prefix) = &self.prefix {
            let expression = format!("resource.name.startsWith('{bucket}/objects/{prefix}')");
            rule["availabilityCondition"] = json!({ "expression": expression });
        }
        rule
    }
}

/// As `access diff` shows it.
impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, rule) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            let permissions = rule.permissions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            write!(f, "{separator}{}/{} ({permissions})", rule.bucket, rule.prefix.as_deref().unwrap_or("**"))?;
        }
        Ok(())
    }
}

fn read_rule<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<BucketRule> {
    let mut inner = fields.below(node);
    let filled = |check: fn(&str) -> Result<(), BoundaryError>| {
        move |text: &str| -> Result<String, FilledError<BoundaryError>> {
            let text = fill_row_text(text, row)?;
            check(&text).map_err(FilledError::Value)?;
            Ok(text)
        }
    };
    let bucket = inner.required("bucket").and_then(|node| inner.parsed(node, filled(check_bucket)));
    let prefix = inner.optional("prefix").map(|node| inner.parsed(node, filled(check_prefix)));
    let permissions = inner.required("permissions").and_then(|list| {
        let nodes = inner.one_or_many(list);
        if nodes.is_empty() {
            inner.fault(list.place, "name at least one role");
        }
        let read: Vec<_> = nodes.iter().map(|node| inner.parsed(node, filled(check_permission))).collect();
        read.into_iter().collect::<Option<BTreeSet<_>>>().filter(|all| !all.is_empty())
    });
    inner.finish();
    Some(BucketRule { bucket: bucket?, permissions: permissions?, prefix: prefix.map_or(Some(None), |prefix| prefix.map(Some))? })
}

fn check_bucket(text: &str) -> Result<(), BoundaryError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = |byte: u8| plain(byte) || b"-_.".contains(&byte);
    let ends = text.bytes().next().is_some_and(plain) && text.bytes().last().is_some_and(plain);
    if BUCKET_BYTES.contains(&text.len()) && text.bytes().all(good) && ends { Ok(()) } else { Err(BoundaryError::Bucket) }
}

fn check_prefix(text: &str) -> Result<(), BoundaryError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/=+@~".contains(&byte);
    if (1..=PREFIX_BYTES_MAX).contains(&text.len()) && text.bytes().all(good) { Ok(()) } else { Err(BoundaryError::Prefix) }
}

fn check_permission(text: &str) -> Result<(), BoundaryError> {
    let name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
    let owner = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-:.".contains(&byte));
    let role: Vec<&str> = text.strip_prefix(IN_ROLE).unwrap_or_default().split('/').collect();
    let is_role = match role[..] {
        ["roles", role] => role.strip_prefix("storage.").is_some_and(name),
        ["projects" | "organizations", parent, "roles", role] => owner(parent) && name(role),
        _ => false,
    };
    if text.len() <= ROLE_BYTES_MAX && is_role { Ok(()) } else { Err(BoundaryError::Permission) }
}
