//! The frame of `guardrails.yaml`.

use super::conditions::{ALL_LINES, claims, identity, matches};
use super::forms::{file, key, object, one_or_many, one_or_more, reference};
use super::section::{SectionPart, by_word, sample};
use serde_json::{Value, json};

pub(super) fn frame(_sections: &[SectionPart]) -> Value {
    let pull_requests = json!({
        "description": "No pull request gets a credential.",
        "issuer": "github",
        "match": { "event": "pull-request" },
    });
    let each = "Each denies what it lists to whom it matches.";
    let denials = key(each, one_or_many(reference("denial")), json!([[pull_requests]]));
    file(
        "The guardrails of daypass",
        "guardrails.yaml of the root repository: denials that no policy overrides.",
        object(&["denials"], json!({ "denials": denials })),
    )
}

/// The definitions of this file.
pub(super) fn definitions(sections: &[SectionPart]) -> [(&'static str, Value); 1] {
    let denied = by_word(sections, |section| section.schema.patterns.of_key(one_or_more));
    let mut denied = object(&[], denied);
    denied["minProperties"] = 1.into();
    let deny = key(
        "What is denied, by pattern; absent: everything.",
        denied,
        json!([sample(sections.first(), |schema| &schema.patterns)]),
    );
    let properties = json!({
        "description": key(
            "Why; whoever is denied reads it.",
            json!({ "type": "string" }),
            json!(["No pull request gets a credential."]),
        ),
        "issuer": key("The issuer of the identities; absent: each that is configured.", reference("label"), json!(["github"])),
        "match": matches(ALL_LINES, identity()),
        "claims": claims(),
        "deny": deny,
    });
    [("denial", object(&["description"], properties))]
}
