use super::*;
use crate::kind::{AwsKeys, Listed};
use crate::words::UnixTime;
use serde_json::{Value, json};

/// An answer of these credentials.
pub(crate) fn document(credentials: &[Value]) -> Value {
    json!({
        "decision_id": "01890000-0000-7000-8000-000000000000", "policy": "shop/deploy", "policy_revision": "4f2a",
        "expires_at": "2027-01-15T08:00:00Z", "credentials": credentials,
    })
}

/// One credential of each kind, in the order of the list of kinds.
pub(crate) fn samples() -> Vec<Value> {
    Credential::samples()
}

/// One credential of the kind with this word.
pub(crate) fn sample(word: &str) -> Value {
    samples().into_iter().find(|sample| sample.get(word).is_some()).unwrap()
}

/// The answers to uses, with every possible member.
pub(crate) fn uses() -> [Value; 4] {
    let id = "01890000-0000-7000-8000-000000000000";
    let line = json!({ "at": "policies/a.yaml:2", "says": "event: push", "saw": null });
    let lost = json!({
        "policy": "shop/deploy", "credential": "secret shop/db.yaml", "times": 1, "last_at": "2027-01-15T08:00:00Z",
        "last_repository": "acme/shop@1", "last_run": null, "denied_already": false, "because": "no policy grants it",
        "near_miss": { "policy": "shop/deploy", "lines": [line] },
    });
    let fault = json!({
        "severity": "error", "code": "invalid", "file": "policies/a.yaml", "line": 1, "column": 1, "message": "m", "help": null,
        "example": { "event_name": "push" },
    });
    let found = json!({
        "decisions": 2, "denied": 1, "claims_pruned": 0, "unreadable": 0, "cut_off_at": null, "grants": [lost], "uses_more": 0,
        "faults": [fault], "faults_left_out": { "faults": 3, "files": 1 }, "revision": "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b",
    });
    let files = json!([{ "file": "secrets/a.age", "content": "eA==" }, { "file": "secrets/b.age", "fault": "no" }]);
    let rewritten = json!({ "commit": "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b", "files": files });
    let record = json!({ "seq": 7, "at": "2027-01-15T08:00:00Z", "kind": "released", "decision_id": id, "body": { "v": 1 } });
    let records = json!({ "records": [record], "next_before": 7 });
    let transit = json!({ "plaintext": "aGk=", "key_version": 1 });
    [("transit", transit), ("replay", found), ("audit", records), ("rewrite", rewritten)]
        .map(|(word, outcome)| json!({ "decision_id": id, "policy": "a", "policy_revision": "r", word: outcome }))
}

/// AWS keys that end then.
pub(crate) fn keys(expires_at: UnixTime) -> AwsKeys {
    let mut keys = AwsKeys::take(serde_json::from_value(sample("aws")).unwrap()).unwrap();
    keys.expires_at = expires_at;
    keys
}

#[test]
fn what_is_written_is_read_and_written_again_unchanged() {
    for sample in samples() {
        let written = document(std::slice::from_ref(&sample));
        let Answer::Credentials(read) = serde_json::from_value(written.clone()).unwrap() else { panic!("{written}") };
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
        assert_eq!(sample.as_object().unwrap().keys().next().unwrap(), read.credentials[0].kind());
    }
}

#[test]
fn descriptions_and_debug_output_hold_no_secret() {
    for sample in samples() {
        let credential: Credential = serde_json::from_value(sample).unwrap();
        let (described, printed) = (credential.describe().to_string(), format!("{credential:?}"));
        assert!(described.contains(credential.kind()));
        assert!(!credential.hidden().is_empty(), "{described}");
        for secret in ["hunter2", "aHVudGVyMg", "/w=="] {
            assert!(!described.contains(secret) && !printed.contains(secret), "{described} {printed}");
        }
    }
}

#[test]
fn a_credential_without_one_of_its_members_is_an_error() {
    for sample in samples() {
        let (word, members) = sample.as_object().unwrap().iter().next().unwrap();
        for member in
            members.as_object().unwrap().keys().filter(|name| !["only", "unauthenticated", "encoding"].contains(&name.as_str()))
        {
            let mut less = members.clone();
            let removed = less.as_object_mut().unwrap().remove(member).unwrap();
            let read: Result<Credential, _> = serde_json::from_value(json!({ word: less }));
            assert!(read.is_err() || removed.is_null(), "{word} without {member}");
        }
    }
}

#[test]
fn answers_are_told_apart_by_their_members() {
    let id = "01890000-0000-7000-8000-000000000000";
    let session = json!({ "decision_id": id, "expires_at": "2027-01-15T08:00:00Z", "issuer": "github", "policy": null, "session_token": "t" });
    assert!(matches!(serde_json::from_value(session).unwrap(), Answer::Session(_)));
    for used in uses() {
        let read: Answer = serde_json::from_value(used.clone()).unwrap();
        assert!(matches!(read, Answer::Used(_)), "{used}");
        assert_eq!(serde_json::to_value(&read).unwrap(), used);
    }
    assert!(serde_json::from_value::<Answer>(json!({ "decision_id": id })).is_err());
}

#[test]
fn a_status_is_read_as_it_was_written_and_has_the_root_first() {
    let source = json!({ "revision": null, "signer": null, "read_at": null, "stale": false, "alarm": null, "accepted": null, "waiting": [] });
    let denied = json!({ "policy": "shop/deploy", "run": "7", "reason": "INC-42" });
    let fault = json!({ "code": "expired", "not_after": "2027-01-15T08:00:00Z" });
    let alarms = json!([
        { "kind": "certificate", "listener": "public", "file": "tls.crt", "fault": fault },
        { "kind": "issuer", "issuer": "ci", "fault": "gone", "serves_on": false },
        { "kind": "provider", "provider": "azure", "origin": "https://login.example", "fault": "silent" },
    ]);
    let written = json!({
        "revision": null, "policies": 1, "guardrails": 0, "faults": [{ "at": "a.yaml:1", "code": "invalid", "message": "m" }],
        "guardrails_unreadable": false, "held": ["b.yaml"], "waiting": [{ "file": "b.yaml", "gain": "recipient", "why": "w" }],
        "alarm": null, "keys_waiting_to_be_hosted": 0, "sources": { "root": source, "blog": source }, "shown_elsewhere": null,
        "clock": null, "space": null, "crowded_addresses": ["192.0.2.1"],
        "denials": [{ "id": "x", "until": null, "denies": denied, "unknown": null }], "alarms": ["a"], "alarm_details": alarms,
    });
    let status: Status = serde_json::from_str(&written.to_string()).unwrap();
    assert_eq!(serde_json::to_string(&status).unwrap(), written.to_string());
    assert_eq!(status.denials[0].denies.to_string(), "policy shop/deploy, run 7 (INC-42)");
    let texts: Vec<String> = status.alarm_details.iter().map(ToString::to_string).collect();
    assert_eq!(texts[0], "the certificate tls.crt (listener `public`) ended at 2027-01-15T08:00:00Z: every client refuses it");
    assert!(texts[1].ends_with("; its tokens are refused") && texts[2].starts_with("the provider `azure` cannot be reached"));
}

#[test]
fn a_status_of_a_server_before_the_details_of_alarms_is_read() {
    let written = json!({
        "revision": null, "policies": 0, "guardrails": 0, "faults": [], "guardrails_unreadable": false, "held": [], "waiting": [],
        "alarm": null, "keys_waiting_to_be_hosted": 0, "sources": {}, "shown_elsewhere": null, "clock": null, "space": null,
        "crowded_addresses": [], "denials": [], "alarms": ["the provider `azure` cannot be reached"],
    });
    let status: Status = serde_json::from_value(written).unwrap();
    assert!(status.is_alarming() && status.alarm_details.is_empty());
}
