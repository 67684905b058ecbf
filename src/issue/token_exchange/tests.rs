use super::answer::{Fault, read};
use super::body::write;
use super::settings::{Encoding, Lifetime, ServiceSettings};
use crate::kind::{ExchangeFields, ServiceName};
use crate::words::Secret;
use crate::words::names::Audience;
use serde_json::{Value, json};
use std::time::Duration;

fn settings(encoding: Encoding) -> ServiceSettings {
    ServiceSettings {
        name: ServiceName::parse("partner").unwrap(),
        url: reqwest::Url::parse("https://partner.example/token").unwrap(),
        encoding,
        audience: Audience::parse("https://partner.example").unwrap(),
        assertion: "assertion".to_owned(),
        fields: ExchangeFields::parse("grant_type=jwt").unwrap(),
        headers: ExchangeFields::default(),
        policy_fields: ["role".to_owned()].into(),
        token: "/data/token".to_owned(),
        lifetime: Lifetime::At("/expires_in".to_owned()),
        revoke: None,
        ca: None,
        proxy: None,
    }
}

#[test]
fn values_in_a_body_are_escaped() {
    let fields = ExchangeFields::parse("role=a%22%2C%22b%26grant_type%3Dx").unwrap();
    let written = |encoding| write(&settings(encoding), &fields, &Secret::from("e.y.J".to_owned()));
    assert_eq!(written(Encoding::Form).expose_text(), Some("grant_type=jwt&role=a%22%2C%22b%26grant_type%3Dx&assertion=e.y.J"));
    let json: Value = serde_json::from_slice(written(Encoding::Json).expose()).unwrap();
    assert_eq!(json, json!({ "grant_type": "jwt", "role": "a\",\"b&grant_type=x", "assertion": "e.y.J" }));
}

#[test]
fn an_answer_is_compared_with_what_was_asked() {
    let hour = Duration::from_secs(3600);
    let lifetime_of = |body: Value, scope: Option<&str>| {
        read(&Secret::from(body.to_string()), &settings(Encoding::Json), scope, hour).map(|answer| answer.lifetime)
    };
    let good = json!({ "data": { "token": "t" }, "expires_in": 60, "scope": "b" });
    assert_eq!(lifetime_of(good.clone(), Some("a b")), Ok(Duration::from_secs(60)));
    assert_eq!(lifetime_of(json!({ "data": { "token": "t" }, "expires_in": "60" }), None), Ok(Duration::from_secs(60)));
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        lifetime_of(body, Some("a b"))
    };
    for (pointer, value, fault) in [
        ("/expires_in", json!(3601), Fault::TooLong),
        ("/expires_in", json!(0), Fault::Over),
        ("/expires_in", json!(-1), Fault::Lifetime),
        ("/expires_in", json!(null), Fault::Lifetime),
        ("/data/token", json!(""), Fault::Token),
        ("/data/token", json!("a b"), Fault::Token),
        ("/data/token", json!("a\r\nX: y"), Fault::Token),
        ("/data/token", json!(7), Fault::Token),
        ("/scope", json!("b c"), Fault::Scope),
        ("/scope", json!(["b", "admin"]), Fault::ScopeForm),
        ("/scope", json!(["b"]), Fault::ScopeForm),
        ("/scope", json!(7), Fault::ScopeForm),
        ("/scope", json!({ "admin": true }), Fault::ScopeForm),
        ("/expires_in", json!("+60"), Fault::Lifetime),
        ("/expires_in", json!("-60"), Fault::Lifetime),
        ("/expires_in", json!(" 60"), Fault::Lifetime),
        ("/expires_in", json!("6e1"), Fault::Lifetime),
        ("/expires_in", json!("60.0"), Fault::Lifetime),
        ("/expires_in", json!(""), Fault::Lifetime),
    ] {
        assert_eq!(with(pointer, value.clone()), Err(fault), "{pointer}: {value}");
    }
    let twice = r#"{"data":{"token":"t","token":"u"},"expires_in":60}"#.to_owned();
    assert_eq!(read(&Secret::from(twice), &settings(Encoding::Json), None, hour).unwrap_err(), Fault::Form);
    assert_eq!(read(&Secret::from("<html>".to_owned()), &settings(Encoding::Json), None, hour).unwrap_err(), Fault::Form);
}
