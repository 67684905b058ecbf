//! The filter of records for a reader.
use super::reader::Entry;
use crate::words::IdSuffix;
use serde::Serialize;
use serde_json::Value;

/// All kinds of records.
pub const RECORD_KINDS: [&str; 18] = [
    "intended",
    "released",
    "failed",
    "unresolved",
    "repeated",
    "refused",
    "dry_run",
    "aggregated",
    "revoked",
    "denied",
    "lifted",
    "accepted",
    "confirmed",
    "revision",
    "key",
    "clock",
    "write_failed",
    "started",
];

/// A filter. Every member that is set has to match.
#[derive(Clone, Default, Serialize, Debug)]
pub struct RecordFilter {
    /// Records of this decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<IdSuffix>,
    /// Records of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Records of requests that were refused or failed with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Records of decisions by this policy, or about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Records of jobs of this repository: a name, or name@id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Records of tokens of this issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl RecordFilter {
    /// Whether the record matches.
    pub fn matches(&self, entry: &Entry) -> bool {
        let body = &entry.body;
        let is = |expected: &Option<String>, member: &str| expected.as_deref().is_none_or(|expected| body[member] == expected);
        self.kind.as_deref().is_none_or(|kind| entry.kind == kind)
            && self.code.as_deref().is_none_or(|code| entry.code() == Some(code))
            && is(&self.issuer, "issuer")
            && self.policy.as_deref().is_none_or(|policy| names_policy(body, policy))
            && self.repository.as_deref().is_none_or(|expected| is_of_repository(body, expected))
            && self.decision.as_ref().is_none_or(|id| entry.decision.as_deref().is_some_and(|decision| id.ends(decision)))
    }
}

impl Entry {
    /// The code of a refusal or a failure. The `reason` of a revocation is an operator's text.
    pub fn code(&self) -> Option<&str> {
        self.body["reason"].as_str().filter(|_| self.kind != "revoked")
    }
}

fn names_policy(body: &Value, policy: &str) -> bool {
    let granting = body["policies"].as_array().into_iter().flatten();
    granting.chain([&body["policy"]]).any(|named| named == policy)
}

/// Compares by the id if both have one.
fn is_of_repository(body: &Value, expected: &str) -> bool {
    let Some(repository) = body["attributes"]["repository"].as_str() else { return false };
    match (expected.split_once('@'), repository.split_once('@')) {
        (Some((_, expected)), Some((_, id))) => expected == id,
        (None, Some((name, _))) => expected == name,
        (_, None) => expected == repository,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;

    #[test]
    fn the_kinds_are_those_of_the_page() {
        let page = include_str!("../../docs/reference/audit-records.md");
        let kinds = page.split("## A request's members").next().unwrap();
        let kinds: Vec<&str> = kinds.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert_eq!(kinds, RECORD_KINDS);
    }

    #[test]
    fn the_reason_of_a_revocation_is_no_code() {
        let entry = |kind: &str| Entry {
            seq: 1,
            at: UnixTime::from_seconds(0),
            kind: kind.to_owned(),
            decision: None,
            body: serde_json::json!({ "reason": "denied" }),
        };
        let filter = RecordFilter { code: Some("denied".to_owned()), ..RecordFilter::default() };
        assert!(filter.matches(&entry("refused")) && !filter.matches(&entry("revoked")));
        assert_eq!((entry("failed").code(), entry("revoked").code()), (Some("denied"), None));
    }
}
