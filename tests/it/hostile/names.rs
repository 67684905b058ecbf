//! Hostile names: path traversal, hidden characters and look-alikes in paths, ARNs, audiences and policies.

use super::wire::Sent;
use super::{Api, CANARY, Case, ROLE};
use serde_json::json;

const BAD: &[&str] = &["bad_request"];
/// The name may be well formed, but no policy grants it.
const NOBODYS: &[&str] = &["bad_request", "no_matching_policy"];

pub fn cases(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    let mut all = paths(good);
    all.extend(queries(good));
    all.extend(roles(good));
    all.extend(texts(good));
    all.extend(hooks(good));
    all
}

/// Paths of documents below an address.
fn paths(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    let long = "a".repeat(3000);
    let many = "a/".repeat(100);
    let paths = [
        "../../etc/passwd",
        "shop/../password.age",
        "shop/./password.age",
        "shop/%2e%2e/password.age",
        "shop/%2E./password.age",
        "shop/..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "shop%5cpassword.age",
        "shop/password.age%00",
        "shop/password.age%00.yaml",
        "shop/%ff%fe",
        "shop/%c0%ae%c0%ae/password.age",
        "shop/%zz",
        "shop/%4",
        "shop/%",
        "shop/%u002e%u002e",
        "shop%252Fpassword.age",
        "sh%D0%BEp/password.age",
        "shop%E2%88%95password.age",
        "shop/password%E2%80%AE.age",
        "shop/password.age%20",
        "shop/password.age%0d%0aX-A:%20b",
        ".git/config",
        "shop/.password.age",
        "shop/password.age;v=1",
        "shop/*",
        "~root/x",
        &long,
    ];
    let mut all = Vec::new();
    for path in paths {
        all.push(Case::of(path, Api::Secret, good(Api::Secret).with_target(format!("/v1/secrets/{path}")), BAD));
        let codes = if path == "shop/.password.age" || path == ".git/config" { NOBODYS } else { BAD };
        all.push(Case::of(
            path,
            Api::VaultRead,
            good(Api::VaultRead).with_target(format!("/vault/v1/secret/data/{path}")),
            codes,
        ));
    }
    // Vault drops empty segments. The native API refuses them.
    for path in ["/etc/passwd", "shop//password.age", "shop/password.age/", "shop/password.age%23/x", &many] {
        all.push(Case::of(path, Api::Secret, good(Api::Secret).with_target(format!("/v1/secrets/{path}")), BAD));
    }
    all.push(Case::of(
        "many segments",
        Api::VaultRead,
        good(Api::VaultRead).with_target(format!("/vault/v1/secret/data/{many}")),
        BAD,
    ));
    for path in [
        "/v1",
        "/v1/secrets",
        "/v1/secrets/",
        "//v1/whoami",
        "/v1//whoami",
        "/v1/./whoami",
        "/x/../v1/whoami",
        "/V1/whoami",
        "/v1/whoami/",
        "/v1/who%61mi",
        "/%2e/v1/whoami",
        "/aws/../v1/whoami",
        "*",
    ] {
        all.push(Case::of(path, Api::Secret, good(Api::Secret).with_target(path), &["not_found"]));
    }
    for path in ["sys/../secret/data/x", "auth/../auth/jwt/login", "secret%2fdata%2fshop", "%2e%2e/x"] {
        all.push(Case::of(
            path,
            Api::VaultRead,
            good(Api::VaultRead).with_target(format!("/vault/v1/{path}")),
            &["bad_request", "not_found"],
        ));
    }
    all
}

fn queries(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |api: Api, query: &str| {
        let sent = good(api);
        let joint = if sent.target.contains('?') { '&' } else { '?' };
        let target = format!("{}{joint}{query}", sent.target);
        all.push(Case::of(query.to_owned(), api, sent.with_target(target), BAD));
    };
    for query in [
        "colour=red",
        "x%00=1",
        "policy=%00",
        "policy=%ff",
        "policy=%zz",
        "policy=shop/deploy&policy=shop/deploy",
        "policy=..%2fx",
        "policy=sh%D0%BEp/deploy",
        "policy=",
        "policy",
    ] {
        add(Api::Secret, query);
        add(Api::Container, query);
    }
    for query in
        ["key=password", "key=", "key=%00", "key=/%00", "key=/%ff", "key=/a&key=/b", "key=/a&%6bey=/b", "key=/a%0d%0aX:b"]
    {
        add(Api::Secret, query);
    }
    add(Api::Container, &format!("role={ROLE}"));
    for query in ["colour=red", "version=2", "version=1&version=0", "version=%00", "version=%ff", "list=true", "%00"] {
        add(Api::VaultRead, query);
    }
    add(Api::Sts, "Action=GetCallerIdentity");
    all
}

/// ARNs that are not a role's.
fn roles(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    let long = format!("{ROLE}{}", "a".repeat(3000));
    let roles: [(&str, &[&str]); 20] = [
        ("", BAD),
        ("arn", BAD),
        ("arn:aws:iam::123456789012:role/", BAD),
        ("arn:aws:iam::123456789012:role/*", BAD),
        ("arn:aws:iam::123456789012:user/deploy", BAD),
        ("arn:aws:iam::12345678901:role/deploy", BAD),
        ("arn:aws:iam::*:role/deploy", BAD),
        ("arn:aws:iam:us-east-1:123456789012:role/deploy", BAD),
        ("ARN:AWS:IAM::123456789012:ROLE/deploy", BAD),
        ("arn:aws:iam::123456789012:role/deploy ", BAD),
        ("arn:aws:iam::123456789012:role/deploy\0", BAD),
        ("arn:aws:iam::123456789012:role/deploy\r\nX-A: b", BAD),
        ("arn:aws:iam::123456789012:role/dep\u{43b}oy", BAD),
        ("arn:aws:iam::\u{ff11}\u{ff12}3456789012:role/deploy", BAD),
        ("arn:\u{430}ws:iam::123456789012:role/deploy", BAD),
        ("arn:aws\u{430}:iam::123456789012:role/deploy", BAD),
        ("arn:aws:iam::123456789012:role/deploy\u{202e}", BAD),
        ("arn:aws-cn:iam::123456789012:role/deploy", NOBODYS),
        ("arn:aws:iam::123456789012:role/../deploy", NOBODYS),
        (&long, BAD),
    ];
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let mut all = Vec::new();
    for (role, codes) in roles {
        let what = || format!("{:?}", role.chars().take(80).collect::<String>());
        let body = json!({ "credentials": [{ "aws": { "role": role } }] }).to_string();
        all.push(Case::of(what(), Api::Exchange, good(Api::Exchange).with_body(body), codes));
        let sts = good(Api::Sts);
        let body = String::from_utf8(sts.body.clone()).unwrap().replace(ROLE, &escaped(role));
        all.push(Case::of(what(), Api::Sts, sts.with_body(body), codes));
        let target = format!("/aws/container?role={}", escaped(role));
        all.push(Case::of(what(), Api::Container, good(Api::Container).with_target(target), codes));
    }
    all
}

/// Names in bodies.
fn texts(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    let mut all = Vec::new();
    for name in [
        "",
        " ",
        "../x",
        "/x",
        "x/",
        "x//y",
        ".x",
        "x\0",
        "x\n",
        "sh\u{43e}p/password.age",
        "x#",
        "x#y",
        "x#/\0",
        "x#/\u{85}",
        "x?y",
        "x\\y",
    ] {
        let body = json!({ "credentials": [{ "secret": name }] }).to_string();
        all.push(Case::of(format!("a secret {name:?}"), Api::Exchange, good(Api::Exchange).with_body(body), BAD));
    }
    for name in ["", " ", "../x", "sh\u{43e}p/deploy", "shop/deploy\0", "*", "shop deploy"] {
        let body = json!({ "credentials": [{ "secret": "shop/password.age" }], "policy": name }).to_string();
        all.push(Case::of(format!("a policy {name:?}"), Api::Exchange, good(Api::Exchange).with_body(body), BAD));
        let login = good(Api::VaultLogin);
        let body =
            String::from_utf8(login.body.clone()).unwrap().replace("shop/deploy", &json!(name).to_string().replace('"', ""));
        if !name.is_empty() {
            all.push(Case::of(format!("a role {name:?}"), Api::VaultLogin, login.with_body(body), BAD));
        }
    }
    for audience in
        ["", " ", "https://partner.ex\u{430}mple", "https://partner.example\0", "https://partner.example\u{202e}", "a b"]
    {
        let body = json!({ "credentials": [{ "id_token": { "audience": audience } }] }).to_string();
        all.push(Case::of(format!("an audience {audience:?}"), Api::Exchange, good(Api::Exchange).with_body(body), BAD));
        let google = good(Api::OauthJson);
        let body =
            String::from_utf8(google.body.clone()).unwrap().replace("\"https://partner.example\"", &json!(audience).to_string());
        all.push(Case::of(format!("an audience {audience:?}"), Api::OauthJson, google.with_body(body), BAD));
    }
    for credentials in [
        json!([]),
        json!({}),
        json!([CANARY]),
        json!([{}]),
        json!([{ "gold": {} }]),
        json!([{ "aws": [] }]),
        json!([{ "aws": null }]),
        json!([{ "aws": { "role": null } }]),
        json!([{ "secret": ["x"] }]),
        json!([{ "secret": "x", "aws": {} }]),
        json!([{ "id_token": {} }]),
        json!([{ "id_token": "https://x" }]),
        json!([{ "daypass": "policy.replay" }]),
        json!([{ "secret": "x" }, { "secret": "x" }]),
        json!((0..33).map(|n| json!({ "secret": format!("x{n}") })).collect::<Vec<_>>()),
    ] {
        let body = json!({ "credentials": credentials }).to_string();
        all.push(Case::of(body.clone(), Api::Exchange, good(Api::Exchange).with_body(body), BAD));
    }
    for more in [
        "DurationSeconds=0",
        "DurationSeconds=-1",
        "DurationSeconds=1e3",
        "DurationSeconds=%EF%BC%99%EF%BC%99%EF%BC%99%EF%BC%99",
        "ProviderId=x",
        "PolicyArns.member.11.arn=x",
        "PolicyArns.member.1.arn=x",
        "Tags.member.1.Key=x",
        "SerialNumber=x",
    ] {
        let sts = good(Api::Sts);
        let body = format!("{}&{more}", String::from_utf8(sts.body.clone()).unwrap());
        all.push(Case::of(more, Api::Sts, sts.with_body(body), BAD));
    }
    let sts = |from: &str, to: &str| good(Api::Sts).with_body(String::from_utf8(good(Api::Sts).body).unwrap().replace(from, to));
    for (from, to) in [
        ("Version=2011-06-15", "Version=2010-05-08"),
        ("=job&", "=a%20b&"),
        ("=job&", "=%D0%B0%D0%B1&"),
        ("=job&", "=a&"),
        ("Action=Assume", "Action=assume"),
        ("Action=AssumeRoleWithWebIdentity", "Action=AssumeRole"),
    ] {
        all.push(Case::of(to, Api::Sts, sts(from, to), BAD));
    }
    all
}

/// An unknown source is refused as a wrong secret is.
fn hooks(good: &dyn Fn(Api) -> Sent) -> Vec<Case> {
    let sources = ["..%2f..%2fetc", "%ff", "ROOT", "root%00", "r%D0%BE%D0%BEt", "team-a", "-", "root%2f", "%"];
    sources
        .map(|source| Case::of(source, Api::Hook, good(Api::Hook).with_target(format!("/hooks/git/{source}")), &["hook_refused"]))
        .into()
}
