//! Malformed bodies: JSON, forms, wrong types and sizes, and contradicting headers.

use super::wire::Sent;
use super::{Api, CANARY, Case};

const BAD: &[&str] = &["bad_request"];
const LARGE: &[&str] = &["too_large"];
/// More than the 64 KiB that every body may have, except a candidate's.
const LARGE_BYTES: usize = 100_000;
const XML: &str = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>";

pub fn cases(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    let mut all = Vec::new();
    for api in [Api::Exchange, Api::Replay, Api::OauthJson, Api::VaultLogin] {
        let body = text(&good(api).body);
        all.extend(json(&body).into_iter().map(|(what, body)| Case::of(what, api, good(api).with_body(body), BAD)));
    }
    for api in [Api::Sts, Api::OauthForm] {
        let body = text(&good(api).body);
        all.extend(form(&body).into_iter().map(|(what, body)| Case::of(what, api, good(api).with_body(body), BAD)));
    }
    for api in [Api::Exchange, Api::Sts, Api::OauthForm, Api::OauthJson, Api::VaultLogin] {
        let large = [good(api).body, vec![b' '; LARGE_BYTES]].concat();
        all.push(Case::of("more than any", api, good(api).with_body(large), LARGE));
    }
    all.push(Case::of("more than any", Api::Hook, good(Api::Hook).with_body(vec![b' '; 1_100_000]), LARGE));
    all.extend(types(good));
    all.extend(headers(good));
    all
}

impl Case {
    pub fn of(what: impl Into<String>, api: Api, sent: Sent, codes: &'static [&'static str]) -> Self {
        Self { what: what.into(), api, sent, codes }
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

/// The bodies that are made of a good object.
fn json(good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let first = good[1..].split(':').next().unwrap();
    let before = |text: &str| good.replacen('{', &format!("{{{text}"), 1).into_bytes();
    let bytes = |text: &str| text.as_bytes().to_vec();
    vec![
        ("nothing", Vec::new()),
        ("half of it", bytes(&good[..good.len() / 2])),
        ("all but its end", bytes(&good[..good.len() - 1])),
        ("XML", bytes(XML)),
        ("a form", bytes("credentials=x&jwt=y")),
        ("YAML", bytes("credentials: [x]\njwt: y\n")),
        ("an array of it", format!("[{good}]").into_bytes()),
        ("a text", format!("\"{CANARY}\"").into_bytes()),
        ("null", bytes("null")),
        ("a number", bytes("1e999")),
        ("two of them", format!("{good}{good}").into_bytes()),
        ("something behind it", format!("{good}x").into_bytes()),
        ("a NUL behind it", format!("{good}\0").into_bytes()),
        ("a byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("no UTF-8", [b"{\"x\xff\":1,", &good.as_bytes()[1..]].concat()),
        ("a member that nobody knows", before("\"colour\":\"red\",")),
        ("one with an empty name", before("\"\":\"red\",")),
        ("one with a long name", before(&format!("\"{}\":1,", "x".repeat(20_000)))),
        ("a member twice", before(&format!("{first}:\"{CANARY}\","))),
        ("twice, one of them escaped", before(&format!("\"\\u00{:02x}{}:\"{CANARY}\",", first.as_bytes()[1], &first[2..]))),
        ("a look-alike of a member", before(&format!("\"\u{441}{}:1,", &first[2..]))),
        ("one of the wrong type", format!("{{{first}:[\"{CANARY}\"]}}").into_bytes()),
        ("a text for an object", format!("{{{first}:\"{CANARY}\"}}").into_bytes()),
        ("one that is null", format!("{{{first}:null}}").into_bytes()),
        ("a NUL in a member", format!("{{{first}:\"a\\u0000b\"}}").into_bytes()),
        ("half a surrogate", format!("{{{first}:\"\\ud800\"}}").into_bytes()),
        ("deep arrays", format!("{{{first}:{}{}}}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes()),
        ("deep objects", format!("{{{first}:{}1{}}}", "{\"a\":".repeat(5_000), "}".repeat(5_000)).into_bytes()),
        ("many members", format!("{{{}1:1}}", (0..4000).map(|n| format!("\"m{n}\":0,")).collect::<String>()).into_bytes()),
        ("a comment", format!("/* */{good}").into_bytes()),
        ("single quotes", bytes(&good.replace('"', "'"))),
        ("a comma too many", bytes(&good.replacen('}', ",}", 1))),
    ]
}

/// The bodies that are made of a good form.
fn form(good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let name = good.split('=').next().unwrap();
    let and = |more: &str| format!("{good}&{more}").into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("XML", XML.as_bytes().to_vec()),
        ("JSON", b"{\"Action\":\"AssumeRoleWithWebIdentity\"}".to_vec()),
        ("no parameter's value", good.replace('=', "").into_bytes()),
        ("a parameter that nobody knows", and("colour=red")),
        ("one with a long name", and(&format!("{}=1", "x".repeat(20_000)))),
        ("one with an empty name", and("=x")),
        ("a parameter twice", and(&format!("{name}={CANARY}"))),
        ("twice alike", and(good)),
        ("twice, one of them escaped", and(&format!("%{:02x}{}={CANARY}", name.as_bytes()[0], &name[1..]))),
        ("a look-alike of a parameter", and(&format!("{}%D0%BE={CANARY}", &name[..3]))),
        ("half an escape", and("x=%4")),
        ("no escape", and(&format!("x={CANARY}%zz"))),
        ("no UTF-8", and("x=%ff%fe")),
        ("raw bytes", [good.as_bytes(), b"&x=\xff\xfe"].concat()),
        ("a NUL", and("x=%00")),
        ("a NUL in a name", and("x%00=1")),
        ("a raw NUL", and("x=\0")),
        ("many parameters", and(&(0..5000).map(|n| format!("n{n}=&")).collect::<String>())),
        ("brackets", good.replacen('=', "[]=", 1).into_bytes()),
        ("semicolons", good.replace('&', ";").into_bytes()),
    ]
}

/// Bodies with the wrong content type.
fn types(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    const REFUSED: &[&str] = &["media_type_refused"];
    let mut all = Vec::new();
    let kinds = [
        "text/plain",
        "application/xml",
        "application/jsonx",
        "application/json, text/plain",
        "multipart/form-data; boundary=x",
        "",
    ];
    for kind in kinds {
        for (api, codes) in
            [(Api::Exchange, REFUSED), (Api::Replay, REFUSED), (Api::OauthForm, BAD), (Api::OauthJson, BAD), (Api::Sts, BAD)]
        {
            all.push(Case::of(format!("of the type `{kind}`"), api, good(api).with_header("Content-Type", kind), codes));
        }
    }
    let form = "application/x-www-form-urlencoded";
    for (api, kind, codes) in [
        (Api::Exchange, form, REFUSED),
        (Api::Replay, form, REFUSED),
        (Api::OauthForm, "application/json", BAD),
        (Api::OauthJson, form, BAD),
        (Api::Sts, "application/json", BAD),
    ] {
        all.push(Case::of("said to be the other", api, good(api).with_header("Content-Type", kind), codes));
    }
    all.push(Case::of("of two types", Api::Exchange, good(Api::Exchange).and_header("Content-Type", "text/plain"), REFUSED));
    all
}

/// Tokens that are sent twice, or in a form that the API does not read.
fn headers(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    const MISSING: &[&str] = &["token_missing"];
    let bearer = |value: &[u8]| [b"Bearer ".as_slice(), value].concat();
    let mut all = Vec::new();
    for api in [Api::Exchange, Api::Replay, Api::Secret] {
        for (what, value) in [
            ("no scheme", CANARY.into()),
            ("no token", bearer(b"")),
            ("another scheme", b"Basic eDp5".to_vec()),
            ("no ASCII", bearer(b"\xff\xfe")),
        ] {
            all.push(Case::of(what, api, good(api).with_header("Authorization", value), MISSING));
        }
        all.push(Case::of("two tokens", api, good(api).and_header("Authorization", bearer(b"a.b.c")), MISSING));
        for token in ["a.b.c", "..", "e30.e30.e30", "{}", "a.b.c.d", CANARY] {
            all.push(Case::of(
                "no token of anybody",
                api,
                good(api).with_header("Authorization", bearer(token.as_bytes())),
                &["token_", "algorithm_refused"],
            ));
        }
    }
    all.push(Case::of("two tokens", Api::Container, good(Api::Container).and_header("Authorization", "a.b.c"), MISSING));
    all.push(Case::of("no ASCII", Api::Container, good(Api::Container).with_header("Authorization", b"\xff".to_vec()), MISSING));
    all.push(Case::of("two tokens", Api::VaultRead, good(Api::VaultRead).and_header("X-Vault-Token", "other"), MISSING));
    all.push(Case::of(
        "two kinds of token",
        Api::VaultRead,
        good(Api::VaultRead).and_header("Authorization", "Bearer other"),
        MISSING,
    ));
    all.push(Case::of(
        "a client that nobody knows",
        Api::OauthForm,
        good(Api::OauthForm).and_header("Authorization", "Basic eDp5"),
        BAD,
    ));
    for (name, value) in [
        ("X-Vault-Inline-Auth-Path", "../auth/jwt/login"),
        ("X-Vault-Inline-Auth-Colour", "red"),
        ("X-Vault-Namespace", "team-a"),
        ("X-Vault-Wrap-TTL", "60"),
    ] {
        all.push(Case::of(name, Api::VaultRead, good(Api::VaultRead).and_header(name, value), BAD));
    }
    let hook = good(Api::Hook);
    for (name, value) in [
        ("X-Gitlab-Token", "hooke"),
        ("X-Hub-Signature-256", "sha256=00"),
        ("X-Hub-Signature-256", "sha256=zz"),
        ("X-Hub-Signature-256", "sha256=\u{e9}"),
    ] {
        let unsigned = hook.clone().with_header("X-Gitlab-Token", "");
        all.push(Case::of(format!("{name}: {value}"), Api::Hook, unsigned.with_header(name, value), &["hook_refused"]));
    }
    all
}
