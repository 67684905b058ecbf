use super::*;
use crate::words::UnixTime;

fn team() -> AuditScope {
    AuditScope::OfSource { name: SourceName::parse("team").unwrap(), repository: "/srv/team".to_owned() }
}

fn part(kind: &str, body: Value, view: &AuditScope) -> Option<Value> {
    let entry = Entry { seq: 1, at: UnixTime::from_seconds(0), kind: kind.to_owned(), decision: None, body };
    view.part(entry).map(|entry| entry.body)
}

#[test]
fn a_further_source_sees_only_the_records_of_its_own_policies() {
    for (body, by_team) in [
        (json!({ "policies": ["team/a"] }), true),
        (json!({ "policies": ["team/a", "team/b"] }), true),
        (json!({ "policies": ["team/a", "shop/b"] }), true),
        (json!({ "policies": ["shop/b"], "policy": "team/a" }), false),
        (json!({ "policies": ["team-b/a"] }), false),
        (json!({ "policies": ["team"] }), false),
        (json!({ "policies": [], "policy": "team/a" }), true),
        (json!({ "policy": "shop/b" }), false),
        (json!({ "source": "team", "revision": "4f2a" }), true),
        (json!({ "source": "root", "revision": "4f2a" }), false),
        (json!({}), false),
    ] {
        let is_visible = |body: &Value, view: &AuditScope| part("released", body.clone(), view).is_some();
        assert!(!is_visible(&body, &team()), "it does not tell whose policies these were: {body}");
        for (sources, is_its_own) in [
            (json!({ "team": "/srv/team" }), true),
            (json!({ "shop": "/srv/shop", "team": "/srv/team" }), true),
            (json!({ "team": "/srv/former" }), false),
            (json!({ "shop": "/srv/team" }), false),
        ] {
            let mut body = body.clone();
            body["sources"] = sources;
            assert_eq!(is_visible(&body, &team()), by_team && is_its_own, "{body}");
        }
        assert_eq!(part("released", body.clone(), &AuditScope::Everything), Some(body));
    }
}

/// A record of two sources with every member that some record has.
fn of_two() -> Value {
    json!({
        "v": 1, "api": "native", "client": "10.0.0.1", "issuer": "github", "subject": "repo:acme/x", "attributes": { "ref": "r" },
        "claims": "hash", "in_session": "d0", "token_ended": true, "first_use": { "client": "10.0.0.2", "decision": "d1" }, "repeats": "d2",
        "credentials": ["secret shop/x", "secret team/x", "id_token https://team.example"],
        "policies": ["shop/deploy", "team/deploy", "team/deploy"], "rows": ["shop-row", null, "team-row"],
        "issued": [{ "secret": { "name": "shop/x" } }, { "secret": { "name": "team/x" } }, { "id_token": {} }],
        "sources": { "shop": "/srv/shop", "team": "/srv/team" }, "policy_revision": "shop-commit,team-commit",
        "revision_in_force": "shop-commit,team-commit", "policy": "shop/deploy", "session_name": "shop-name", "narrowed": ["shop"],
        "cause": "shop/x is not there", "rewritten": { "files": ["shop/x"] }, "transit": { "key": "shop/k" }, "anything": "shop",
        "credentials_left_out": { "count": 3, "sha256": "of shop" },
    })
}

#[test]
fn a_record_of_two_sources_shows_nothing_of_the_other() {
    let visible = part("released", of_two(), &team()).unwrap();
    let expected = json!({
        "v": 1, "api": "native", "client": "10.0.0.1", "issuer": "github", "subject": "repo:acme/x", "attributes": { "ref": "r" },
        "claims": "hash", "in_session": "d0", "token_ended": true, "first_use": { "client": "10.0.0.2", "decision": "d1" }, "repeats": "d2",
        "credentials": ["secret team/x", "id_token https://team.example"], "policies": ["team/deploy", "team/deploy"],
        "rows": [null, "team-row"], "issued": [{ "secret": { "name": "team/x" } }, { "id_token": {} }],
        "sources": { "team": "/srv/team" }, "partial": true,
    });
    assert_eq!(visible, expected);
    // Where a list is not one entry for each policy, nobody can tell which entries are the source's.
    for member in OF_EACH {
        for other in [json!([]), json!(["shop", "team"]), json!(["shop", "shop", "team", "team"]), json!("shop")] {
            let mut body = of_two();
            body[member] = other;
            let visible = part("released", body, &team()).unwrap();
            assert!(visible.get(member).is_none() && !visible.to_string().contains("shop"), "{member}: {visible}");
        }
    }
    // A code is from a list, and an operator's words are free text.
    let with = |kind: &str, reason: &str| {
        let mut body = of_two();
        body["reason"] = reason.into();
        part(kind, body, &team()).unwrap()
    };
    assert_eq!(with("failed", "provider_refused")["reason"], "provider_refused");
    assert!(with("revoked", "shop/x leaked").get("reason").is_none());
}

#[test]
fn a_request_that_named_a_policy_shows_only_what_may_be_its_sources_own() {
    let of = |credentials: Value| {
        let body = json!({
            "policy": "team/deploy", "sources": { "team": "/srv/team" }, "credentials": credentials, "subject": "s",
            "reason": "no_matching_policy", "cause": "no policy grants what was asked for", "session_name": "n",
        });
        (part("refused", body.clone(), &team()).unwrap(), body)
    };
    let (own, stored) = of(json!(["secret team/db.age", "id_token https://team.example", "transit decrypt team/k"]));
    assert_eq!(own, stored);
    let (visible, _) = of(json!(["secret shop/x.age", "secret team/db.age", "transit decrypt shop/k", "nothing shop"]));
    let expected = json!({ "policy": "team/deploy", "sources": { "team": "/srv/team" }, "credentials": ["secret team/db.age"],
        "subject": "s", "reason": "no_matching_policy", "partial": true });
    assert_eq!(visible, expected);
    // The cause may quote one of the names that were left out.
    let mut long = stored;
    long["credentials"] = json!([]);
    long["credentials_left_out"] = json!({ "count": 99, "sha256": "x" });
    let visible = part("refused", long, &team()).unwrap();
    assert!(visible.get("cause").is_none() && visible["partial"] == true, "{visible}");
}
