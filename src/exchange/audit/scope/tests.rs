use super::*;
use crate::words::UnixTime;
use serde_json::Value;

const DIGEST: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
const DECISIONS: [&str; 3] =
    ["019f0a2c-7b1e-7c3d-9a4f-5b6c7d8e9f00", "019f0a2c-7b1e-7c3d-9a4f-5b6c7d8e9f01", "019f0a2c-7b1e-7c3d-9a4f-5b6c7d8e9f02"];
const COMMIT: &str = "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b";

fn team() -> AuditScope {
    AuditScope::OfSource { name: SourceName::parse("team").unwrap(), repository: "/srv/team".to_owned() }
}

fn part(kind: &str, body: Value, view: &AuditScope) -> Option<Value> {
    let entry = Entry { seq: 1, at: UnixTime::from_seconds(0), kind: kind.to_owned(), decision: None, body };
    view.part(entry).map(|entry| entry.body)
}

#[test]
fn a_further_source_sees_only_the_records_of_its_own_policies() {
    let revision =
        |source: &str| json!({ "source": source, "revision": COMMIT, "signer": null, "policies": 1, "faults": [], "held": [] });
    let accepted = |source: &str| json!({ "source": source, "commit": COMMIT });
    for (kind, body, by_team) in [
        ("released", json!({ "policies": ["team/a"] }), true),
        ("released", json!({ "policies": ["team/a", "team/b"] }), true),
        ("released", json!({ "policies": ["team/a", "shop/b"] }), true),
        ("released", json!({ "policies": ["shop/b"], "policy": "team/a" }), false),
        ("released", json!({ "policies": ["team-b/a"] }), false),
        ("released", json!({ "policies": ["team"] }), false),
        ("released", json!({ "policies": [], "policy": "team/a" }), true),
        ("released", json!({ "policy": "shop/b" }), false),
        ("revision", revision("team"), true),
        ("revision", revision("root"), false),
        ("accepted", accepted("team"), true),
        ("confirmed", accepted("root"), false),
        ("released", json!({}), false),
        ("key", json!({ "state": "signing" }), false),
    ] {
        let is_visible = |body: &Value, view: &AuditScope| part(kind, body.clone(), view).is_some();
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
        assert_eq!(part(kind, body.clone(), &AuditScope::Everything), Some(body));
    }
}

/// A record of two sources with every member that some record has.
fn of_two() -> Value {
    json!({
        "v": 1, "api": "native", "client": "10.0.0.1", "issuer": "github", "subject": "repo:acme/x", "attributes": { "ref": "r" },
        "claims": DIGEST, "in_session": DECISIONS[0], "token_ended": true,
        "first_use": { "client": "10.0.0.2", "decision": DECISIONS[1] }, "repeats": DECISIONS[2],
        "credentials": ["secret shop/x", "secret team/x", "id_token https://team.example"],
        "policies": ["shop/deploy", "team/deploy", "team/deploy"], "rows": ["shop-row", null, "team-row"],
        "issued": [{ "secret": { "name": "shop/x" } }, { "secret": { "name": "team/x" } }, { "id_token": {} }],
        "sources": { "shop": "/srv/shop", "team": "/srv/team" }, "policy_revision": "shop-commit,team-commit",
        "revision_in_force": "shop-commit,team-commit", "policy": "shop/deploy", "session_name": "shop-name", "narrowed": { "policy": "shop" },
        "cause": "shop/x is not there", "anything": "shop", "unverified_issuer": "shop", "session": { "policy": "shop/x" },
        "rewritten": { "change": "rotate", "source": "shop", "commit": COMMIT, "files": [{ "file": "secrets/shop/x", "sha256": DIGEST }] },
        "transit": { "key": "shop/k", "operation": "encrypt", "version": 1, "ciphertext_sha256": DIGEST },
        "audit_read": { "filter": { "policy": "shop/x" }, "records": 1, "newest": 1, "oldest": 1 },
        "secret_status": { "source": "shop", "commit": COMMIT, "files": 1 },
        "denied": { "id": "shop", "denies": "shop", "until": null }, "replayed": { "candidate": DIGEST, "decisions": 7, "denied": 7 },
        "credentials_left_out": { "count": 3, "sha256": DIGEST },
    })
}

#[test]
fn a_record_of_two_sources_shows_nothing_of_the_other() {
    let visible = part("released", of_two(), &team()).unwrap();
    let expected = json!({
        "v": 1, "api": "native", "client": "10.0.0.1", "issuer": "github", "subject": "repo:acme/x", "attributes": { "ref": "r" },
        "claims": DIGEST, "in_session": DECISIONS[0], "token_ended": true,
        "first_use": { "client": "10.0.0.2", "decision": DECISIONS[1] }, "repeats": DECISIONS[2],
        "credentials": ["secret team/x", "id_token https://team.example"], "policies": ["team/deploy", "team/deploy"],
        "rows": [null, "team-row"], "issued": [{ "secret": { "name": "team/x" } }, { "id_token": {} }],
        "sources": { "team": "/srv/team" }, "partial": true,
    });
    assert_eq!(visible, expected);
    // Where a list is not one entry for each policy, nobody can tell which entries are the source's.
    for member in ["credentials", "rows", "issued"] {
        let with = |other: Value| {
            let mut body = of_two();
            body[member] = other;
            part("released", body, &team())
        };
        for other in [json!([]), json!(["shop", "team"]), json!(["shop", "shop", "team", "team"])] {
            let visible = with(other).unwrap();
            assert!(visible.get(member).is_none() && !visible.to_string().contains("shop"), "{member}: {visible}");
        }
        assert_eq!(with(json!("shop")), None, "{member}: nobody knows what it says");
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
            "v": 1, "policy": "team/deploy", "sources": { "team": "/srv/team" }, "credentials": credentials, "subject": "s",
            "reason": "no_matching_policy", "cause": "no policy grants what was asked for", "session_name": "n",
        });
        (part("refused", body.clone(), &team()).unwrap(), body)
    };
    let past = |name: &str| format!("secret_at {COMMIT} {name}");
    let (own, stored) =
        of(json!(["secret team/db.age", "id_token https://team.example", "transit decrypt team/k", past("team/db.age")]));
    assert_eq!(own, stored);
    let (visible, _) = of(json!(["secret shop/x.age", "secret team/db.age", "transit decrypt shop/k", "nothing shop"]));
    let (of_older, _) = of(json!([past("shop/x.age"), "secret team/db.age"]));
    let expected = json!({ "v": 1, "policy": "team/deploy", "sources": { "team": "/srv/team" }, "credentials": ["secret team/db.age"],
        "subject": "s", "reason": "no_matching_policy", "partial": true });
    assert_eq!((&visible, &of_older), (&expected, &expected));
    // The cause may quote one of the names that were left out.
    let mut long = stored;
    long["credentials"] = json!([]);
    long["credentials_left_out"] = json!({ "count": 99, "sha256": DIGEST });
    let visible = part("refused", long, &team()).unwrap();
    assert!(visible.get("cause").is_none() && visible["partial"] == true, "{visible}");
}

/// Whoever may see all sees it as it is.
#[test]
fn a_record_that_cannot_be_read_is_shown_to_nobody_who_may_not_see_all() {
    let own = json!({ "v": 1, "policies": ["team/a"], "sources": { "team": "/srv/team" } });
    assert_eq!(part("released", own.clone(), &team()), Some(own.clone()));
    let unreadable =
        [("v", json!(2)), ("client", json!("somewhere")), ("policies", json!(["team/a", 7])), ("sources", json!("team"))];
    for (member, value) in unreadable {
        let mut body = own.clone();
        body[member] = value;
        assert_eq!(part("released", body.clone(), &team()), None, "{body}");
        assert_eq!(part("released", body.clone(), &AuditScope::Everything), Some(body));
    }
    assert_eq!(part("a kind of later", own.clone(), &team()), None);
    assert_eq!(part("a kind of later", own.clone(), &AuditScope::Everything), Some(own));
}
