//! The filter of records for a reader.
use crate::words::IdSuffix;
use serde::{Deserialize, Serialize};

/// All kinds of records.
pub const RECORD_KINDS: [&str; 19] = [
    "intended",
    "released",
    "failed",
    "unresolved",
    "repeated",
    "refused",
    "dry_run",
    "aggregated",
    "revoked",
    "ended",
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

/// A filter. Every member that is set has to match. The members are in the order of their names, because the record of a read has it
/// as canonical JSON.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct RecordFilter {
    /// Records of requests that were refused or failed with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Records of this decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<IdSuffix>,
    /// Records of tokens of this issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Records of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Records of decisions by this policy, or about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Records of jobs of this repository: a name, or name@id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_those_of_the_page() {
        let page = include_str!("../../docs/reference/audit-records.md");
        let kinds = page.split("## A request's members").next().unwrap();
        let kinds: Vec<&str> = kinds.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert_eq!(kinds, RECORD_KINDS);
    }
}
