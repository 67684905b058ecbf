//! The frame of a trust policy.

use super::conditions::{ALL_LINES, claims, identity, matches};
use super::forms::{file, key, object, one_or_many, reference, text};
use super::section::{CredentialSchema, SectionPart, by_word, sample};
use crate::identity::Attribute;
use crate::policy::accepted::{REASON_CHARACTERS_MAX, codes_of_policies};
use crate::token::Possession;
use serde_json::{Map, Value, json};

const TITLE: &str = "A trust policy of daypass";
const DESCRIPTION: &str = "policies/NAME.yaml: who gets what. Any matching policy allows, a guardrail denies over all, and without a match the answer is no.";

pub(super) fn frame(sections: &[SectionPart]) -> Value {
    let mut form = object(&["issuer", "grant"], properties(sections));
    form["anyOf"] = json!([{ "required": ["match"] }, { "required": ["claims"] }]);
    file(TITLE, DESCRIPTION, form)
}

fn properties(sections: &[SectionPart]) -> Value {
    json!({
        "version": key("The version of this format.", json!({ "const": 1 }), json!([1])),
        "description": key(
            "What the policy is for.",
            json!({ "type": "string" }),
            json!(["Deploy the shop to production from its protected main branch."]),
        ),
        "owners": key(
            "Who answers for it, as CODEOWNERS names them.",
            one_or_many(json!({ "type": "string" })),
            json!([["team-shop"]]),
        ),
        "accept_findings": accepted(),
        "issuer": key("The issuer of the identities: a name from daypass.yaml.", reference("label"), json!(["github"])),
        "for_each": key(
            "A file of the repository with rows, each a mapping of texts: one rule of each row, in which `{each.NAME}` is the row's value. By its `name`, which no other row has, a cloud tells a row from the others.",
            text(),
            json!(["repositories.yaml"]),
        ),
        "match": matches(ALL_LINES, identity()),
        "claims": claims(),
        "grant": grant(sections),
        "expires": key(
            "From when on it grants nothing.",
            json!({ "type": "string", "format": "date-time" }),
            json!(["2027-06-30T00:00:00Z"]),
        ),
        "mode": key("`audit`: decided and logged, never granted.", json!({ "const": "audit" }), json!(["audit"])),
        "replay": key(
            "`once`: a token only once, also where the CI gives one a job.",
            json!({ "const": "once" }),
            json!(["once"]),
        ),
        "dpop": key(
            "`required`: only tokens that are bound to a key, with a proof that covers the request's query and body. `standard`: what RFC 9449 alone proves.",
            json!({ "enum": [Possession::Request.as_str(), Possession::Key.as_str()] }),
            json!([Possession::Request.as_str()]),
        ),
        "session": session(),
        "tests": tests(sections),
    })
}

fn accepted() -> Value {
    key(
        "Findings of the linter that this policy accepts, each with the reason.",
        one_or_many(reference("accepted_finding")),
        json!([[{ "finding": "schedule_writes", "reason": "the nightly release is this policy's job" }]]),
    )
}

fn accepted_finding() -> Value {
    let codes: Vec<&str> = codes_of_policies().collect();
    let finding = key("The finding's code, as `policy check` tells it.", json!({ "enum": codes }), json!(["schedule_writes"]));
    let reason = key(
        "Why, in one sentence.",
        json!({ "type": "string", "minLength": 1, "maxLength": REASON_CHARACTERS_MAX }),
        json!(["the nightly release is this policy's job"]),
    );
    object(&["finding", "reason"], json!({ "finding": finding, "reason": reason }))
}

/// What is granted. The sample is of what every other key of a policy allows: a session has no use for a cloud's credentials.
fn grant(sections: &[SectionPart]) -> Value {
    let own = sections.iter().find(|section| section.is_own);
    key(
        "What is granted.",
        object(&[], by_word(sections, |section| section.schema.entries.of_key(one_or_many))),
        json!([sample(own, |schema| &schema.entries)]),
    )
}

fn session() -> Value {
    let ttl = "How long from the login on: at most an hour, and the issuer's `session_max`.";
    key(
        "A session of the Vault API may last although its token has ended, for secrets and transit keys alone.",
        object(&["ttl"], json!({ "ttl": key(ttl, reference("duration"), json!(["30m"])) })),
        json!([{ "ttl": "30m" }]),
    )
}

fn tests(sections: &[SectionPart]) -> Value {
    let allowed = json!({ "claims": "shop-push.json", "credential": open(sections) });
    let mut denied = allowed.clone();
    denied["change"] = json!({ Attribute::Event.as_str(): "pull-request" });
    let expectation = |description, sample: &Value| key(description, reference("expectation"), json!([sample]));
    let mut test = object(
        &[],
        json!({ "allow": expectation("This is granted.", &allowed), "deny": expectation("This is denied.", &denied) }),
    );
    test["minProperties"] = 1.into();
    test["maxProperties"] = 1.into();
    key(
        "Who may and who may not; a policy whose own tests fail does not go live.",
        one_or_many(test),
        json!([[{ "allow": allowed }]]),
    )
}

/// The definitions of this file.
pub(super) fn definitions(sections: &[SectionPart]) -> [(&'static str, Value); 3] {
    let words: Vec<&str> = Attribute::ALL.iter().map(|attribute| attribute.as_str()).collect();
    let properties = json!({
        "claims": key(
            "A file below tests/ with claims, as `daypass whoami --output json` prints them.",
            text(),
            json!(["shop-push.json"]),
        ),
        "change": key(
            "Attributes that are put in the place of those that the claims give; nothing takes one away.",
            json!({
                "type": "object",
                "propertyNames": { "enum": words },
                "additionalProperties": { "type": ["string", "boolean", "null"] },
            }),
            json!([{ "event": "pull-request", "fork": true, "environment": null }]),
        ),
        "credential": key(describe(sections), reference("credential"), json!([open(sections)])),
    });
    [
        ("accepted_finding", accepted_finding()),
        ("credential", credential(sections)),
        ("expectation", object(&["claims", "credential"], properties)),
    ]
}

fn kinds(sections: &[SectionPart]) -> impl Iterator<Item = &CredentialSchema> {
    sections.iter().flat_map(|section| &section.schema.credentials)
}

/// The kinds whose word alone is a credential, and what it stands for.
fn alone(sections: &[SectionPart]) -> impl Iterator<Item = (&'static str, &'static str)> {
    kinds(sections).filter_map(|kind| Some((kind.word, kind.alone?)))
}

/// The first of them.
fn open(sections: &[SectionPart]) -> Option<&'static str> {
    alone(sections).next().map(|(word, _)| word)
}

/// A kind alone, or one kind with a name.
fn credential(sections: &[SectionPart]) -> Value {
    let alone: Vec<&str> = alone(sections).map(|(word, _)| word).collect();
    let named = kinds(sections).map(|kind| (kind.word.to_owned(), kind.named.clone()));
    let mut named = object(&[], named.collect::<Map<_, _>>().into());
    named["minProperties"] = 1.into();
    named["maxProperties"] = 1.into();
    json!({ "anyOf": [{ "enum": alone }, named] })
}

fn describe(sections: &[SectionPart]) -> String {
    let alone: Vec<String> = alone(sections).map(|(word, any)| format!("`{word}` for {any}")).collect();
    let mut named: Vec<String> = kinds(sections).map(|kind| format!("`{}`", kind.word)).collect();
    let last = named.pop().unwrap_or_default();
    format!("What is asked for: {}, or one of {} and {last} with its name.", alone.join(", "), named.join(", "))
}
