//! Answers that AWS STS does not give. The server refuses each, names the field, and shows neither its own token, which the STS knows, nor
//! a byte of the answer: not to the caller, in no record, and in no log, whatever its level is.

use crate::sts::{Form, StandInSts, refusal, session, xml};
use crate::support::{Setup, World};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use daypass::words::{Clock, SystemClock};
use serde_json::{Value, json};
use std::time::Duration;

/// What every lie has somewhere, and nobody may see.
const MARK: &str = "evil-9f3b";

/// What the stand-in does for the role of this name, and what the record of the refusal says.
const LIES: [(&str, &str); 19] = [
    ("other-account", "`Arn` of the answer's session is of another account"),
    ("other-role", "`Arn` of the answer's session is of another role or another session"),
    ("other-session", "`Arn` of the answer's session is of another role or another session"),
    ("no-session", "the answer has no `AssumedRoleUser`"),
    ("other-id", "`AssumedRoleId` is not that of the session"),
    ("longer", "`Expiration` is later than what was asked for"),
    ("for-ever", "`Expiration` is later than what was asked for"),
    ("over", "`Expiration` is absent, or over already"),
    ("long-term-key", "`AccessKeyId` is none of AWS's"),
    ("control-character", "`SecretAccessKey` is none of AWS's"),
    ("line", "`SessionToken` is none of AWS's"),
    ("long-token", "`SessionToken` is none of AWS's"),
    ("huge", "the answer has more than 65536 bytes"),
    ("truncated", "the answer is cut off"),
    ("twice", "the answer has an element twice"),
    ("echo-token", "the answer's token is the one that the request presented"),
    ("echo-code", "another error (400)"),
    ("echo-message", "InvalidIdentityToken (400)"),
    ("echo-body", "(400) is not one of an STS"),
];

fn arn(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/team/{name}")
}

fn lie(form: &Form, number: usize) -> Response {
    let token = &form["WebIdentityToken"];
    let good = || {
        let ends = SystemClock.now().plus(Duration::from_secs(form["DurationSeconds"].parse().unwrap())).to_string();
        session(form, number, &(format!("secret-{MARK}"), format!("token-{MARK}")), &ends)
    };
    let with = |from: &str, to: &str| {
        let whole = good();
        assert!(whole.contains(from), "{from} in {whole}");
        xml(whole.replace(from, to))
    };
    let live = |ends: &str| xml(session(form, number, &(MARK.to_owned(), MARK.to_owned()), ends));
    let with_token = |token: &str| with(&format!("token-{MARK}"), token);
    match form["RoleArn"].rsplit('/').next().unwrap() {
        "other-account" => with("sts::123456789012", "sts::999999999999"),
        "other-role" => with("assumed-role/other-role", "assumed-role/evil-9f3b"),
        "other-session" => with(&format!("{}</Arn>", form["RoleSessionName"]), "evil-9f3b</Arn>"),
        "no-session" => with("AssumedRoleUser>", "AssumedRoleNobody>"),
        "other-id" => with("AROASTANDIN:", &format!("{MARK}\u{202e}:")),
        "longer" => live(&SystemClock.now().plus(Duration::from_secs(1800 + 360)).to_string()),
        "for-ever" => live("9999-12-31T23:59:59Z"),
        "over" => live("2020-01-01T00:00:00Z"),
        "long-term-key" => with("ASIASTANDIN", "AKIASTANDIN"),
        "control-character" => with("secret-", "secret\u{7f}-"),
        "line" => with("token-", "token&#10;-"),
        "long-token" => with_token(&MARK.repeat(2000)),
        "huge" => with_token(&MARK.repeat(20_000)),
        "truncated" => xml(good().split_once("</SessionToken>").unwrap().0.to_owned()),
        "twice" => with("<SessionToken>", "<SessionToken>other</SessionToken><SessionToken>"),
        "echo-token" => with_token(token),
        "echo-code" => refusal(StatusCode::BAD_REQUEST, &token[..40], "no"),
        "echo-message" => refusal(StatusCode::BAD_REQUEST, "InvalidIdentityToken", &format!("{MARK} {token}")),
        "echo-body" => (StatusCode::BAD_REQUEST, format!("<html>{MARK} {token}")).into_response(),
        _ => xml(good()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_the_request_is_refused_and_shown_nowhere() {
    let sts = StandInSts::answering(lie).await;
    let roles: Vec<String> = LIES.iter().map(|(name, _)| *name).chain(["good"]).map(arn).collect();
    let grants: Vec<Value> = roles.iter().map(|role| json!({ "role": role, "ttl": "30m" })).collect();
    let matches = json!({ "repository": "acme/shop@456789", "ref": "refs/heads/main", "event": "push" });
    let policy = json!({ "issuer": "github", "match": matches, "grant": { "aws": grants } }).to_string();
    let world = World::start(Setup { policies: vec![("shop/deploy", policy)], aws: sts.section(), ..Setup::default() }).await;
    let ask = async |name: &str| world.exchange(&world.token(), json!([{ "aws": { "role": arn(name) } }])).await;
    for (name, field) in LIES {
        let (status, denial) = ask(name).await;
        assert!(status >= 500 && denial.get("credentials").is_none(), "{name}: {denial}");
        assert!(denial["code"].as_str().unwrap().starts_with("aws_"), "{name}: {denial}");
        let records = world.audit();
        let failed = records.iter().rfind(|entry| entry.kind == "failed").unwrap();
        assert!(failed.body.to_string().contains(field), "{name}: {}", failed.body);
        assert_nowhere(name, &world, &sts, &denial);
    }
    let (status, answer) = ask("good").await;
    assert_eq!(status, 200, "{answer}");
    assert!(world.log().contains("TRACE"), "the log is not that of a server at TRACE");
}

/// Looks for the tokens that the STS got, and for the mark, in everything that the server shows.
fn assert_nowhere(name: &str, world: &World, sts: &StandInSts, denial: &Value) {
    let tokens: Vec<String> = sts.asked().iter().map(|form| form["WebIdentityToken"].clone()).collect();
    let records: String = world.audit().iter().map(|entry| entry.body.to_string()).collect();
    for (place, text) in [("answer", denial.to_string()), ("records", records), ("log", world.log())] {
        assert!(!text.contains(MARK) && !text.contains('\u{202e}'), "{name}: the {place}: {text}");
        for token in &tokens {
            let parts = [&token[..40], &token[token.len() - 40..]];
            assert!(parts.iter().all(|part| !text.contains(part)), "{name}: our token is in the {place}");
        }
    }
}
