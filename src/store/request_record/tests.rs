use super::*;
use crate::secrets::Rewrite;
use crate::store::use_record::RewrittenForm;
use crate::store::{RecordFilter, body};
use crate::words::names::{CommitId, TransitKey};
use crate::words::{IdSuffix, canonical};
use serde_json::json;

const ID: &str = "019f0a2c-7b1e-7c3d-9a4f-5b6c7d8e9f01";

/// A record with every member: a new one has to be added here. Where a member is a free object, its own members are not sorted.
fn whole() -> RequestRecord {
    let (digest, moment) = (Digest::plain(b"x"), UnixTime::from_seconds(1_800_000_000));
    let (decision, issuer) = (DecisionId::parse(ID).unwrap(), IssuerName::parse("github").unwrap());
    let (policy, source) = (PolicyName::parse("shop/deploy").unwrap(), SourceName::parse("shop").unwrap());
    let commit = CommitId::parse(&"c".repeat(40)).unwrap();
    let text = || Some("text".to_owned());
    RequestRecord {
        api: Some("native".into()),
        attributes: json!({ "ref": "r", "actor": "a@1" }).as_object().cloned().map(Into::into),
        audit_read: Some(AuditReadRecord {
            filter: RecordFilter {
                code: text(),
                decision: Some(IdSuffix::parse(ID).unwrap()),
                issuer: text(),
                kind: text(),
                policy: text(),
                repository: text(),
            },
            newest: Some(2),
            oldest: None,
            records: 1,
        }),
        cause: Some("\u{e9}\"\n".to_owned()),
        claims: Some(digest),
        client: Some(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])),
        credentials: Some(vec!["aws".to_owned(), "secret shop/a".to_owned()]),
        credentials_left_out: Some(CredentialsLeftOut { count: 3, sha256: digest }),
        denied: Some(DenialRecord { denies: "shop".to_owned(), id: ID.to_owned(), until: Some(moment) }),
        first_use: Some(FirstUseOf { client: "192.0.2.1".to_owned(), decision: ID.to_owned() }),
        in_session: Some(decision.clone()),
        issued: Some(vec![json!({ "aws": { "z": null, "a": [{ "y": 1.5, "b": true }] } }).into(), json!({}).into()]),
        issuer: Some(issuer.clone()),
        narrowed: Some(AwsNarrowing { duration_seconds: Some(900), policy: text(), policy_arns: vec!["arn".to_owned()] }),
        partial: Some(true),
        policies: Some(vec![policy.clone(), policy.clone()]),
        policy: Some(policy.clone()),
        policy_revision: text(),
        provider: Some("github".to_owned()),
        reason: Some("denied".into()),
        repeats: Some(decision),
        replayed: Some(ReplayRecord { candidate: digest, decisions: 2, denied: 1 }),
        revision_in_force: text(),
        rewritten: Some(RewriteRecord {
            change: Rewrite::Rotate,
            commit: Some(commit.clone()),
            files: vec![RewrittenForm { file: "secrets/a".to_owned(), sha256: digest }],
            source: source.clone(),
        }),
        rows: Some(vec![None, Some(RowName::parse("web").unwrap())]),
        secret_status: Some(SecretStatusRecord { commit: Some(commit), files: 1, source: source.clone() }),
        session: Some(SessionRecord { expires_at: Some(moment), policy: Some(policy) }),
        session_name: text(),
        sources: Some(RecordedSources::from([
            (source.clone(), "/b".to_owned()),
            (SourceName::parse("a").unwrap(), "/a".to_owned()),
        ])),
        subject: text(),
        token_ended: Some(true),
        transit: Some(TransitRecord {
            ciphertext_sha256: digest,
            key: TransitKey::parse("flux").unwrap(),
            operation: "encrypt".into(),
            version: 1,
        }),
        unverified_issuer: Some(issuer),
        v: FormatVersion,
    }
}

#[test]
fn a_body_is_canonical_and_is_written_again_as_it_was_read() {
    let bytes = whole().bytes();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), canonical(&value));
    assert_eq!(body::bytes(whole()), bytes, "as the bodies of other kinds are written");
    for read in [RequestRecord::parse(&bytes).unwrap(), serde_json::from_value(value).unwrap()] {
        assert_eq!(read.bytes(), bytes);
    }
    assert_eq!(RequestRecord::default().bytes(), br#"{"v":1}"#);
}

#[test]
fn a_member_of_a_later_version_is_passed_over_and_another_version_is_not_read() {
    let parsed = |body: Value| RequestRecord::parse(body.to_string().as_bytes());
    assert_eq!(parsed(json!({ "v": 1, "subject": "s", "of_later": 1 })).unwrap().subject.as_deref(), Some("s"));
    assert!(parsed(json!({ "v": 2, "subject": "s" })).is_none() && parsed(json!({ "v": 1, "subject": 7 })).is_none());
    assert!(RequestRecord::parse(b"nonsense").is_none());
}
