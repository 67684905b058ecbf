//! SARIF 2.1.0 (OASIS), as far as code scanning reads it.

use super::place::TreeOrigin;
use crate::words::yaml::{Fault, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The findings as one run.
pub(super) fn document(faults: &[Fault], at: &TreeOrigin) -> Value {
    let codes: BTreeSet<&str> = faults.iter().map(|fault| fault.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code })).collect();
    json!({
        "version": "2.1.0",
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "runs": [{
            "tool": { "driver": { "name": "daypass policy check", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": faults.iter().map(result).collect::<Vec<_>>(),
            "properties": { "looked_at": at },
        }],
    })
}

fn result(fault: &Fault) -> Value {
    let level = if fault.severity == Severity::Error { "error" } else { "warning" };
    let help = fault.help.as_deref().map(|help| format!(" Fix: {help}.")).unwrap_or_default();
    json!({
        "ruleId": fault.code,
        "level": level,
        "message": { "text": format!("{}.{help}", fault.message) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": fault.file },
            "region": { "startLine": fault.place.line.max(1), "startColumn": fault.place.column.max(1) },
        } }],
        "properties": { "example": fault.example },
    })
}
