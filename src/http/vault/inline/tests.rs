use super::*;
use axum::http::HeaderName;
use serde_json::json;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())).collect()
}

fn encoded(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

#[test]
fn a_login_in_headers_is_read() {
    let (jwt, role) =
        (encoded(&json!({"key": "jwt", "value": "a.b.c"})), encoded(&json!({"key": "role", "value": "shop/deploy"})));
    let path = ("X-Vault-Inline-Auth-Path", "auth/jwt/login");
    let both = headers(&[path, ("X-Vault-Inline-Auth-Parameter-token", &jwt), ("X-Vault-Inline-Auth-Parameter-2", &role)]);
    let read = login(&both).unwrap().unwrap();
    assert_eq!((read.jwt.expose(), read.role.unwrap().as_str()), (&b"a.b.c"[..], "shop/deploy"));
    assert!(login(&headers(&[("X-Vault-Token", "s")])).unwrap().is_none());
    let more = encoded(&json!({"key": "jwt", "value": "a.b.c", "x": 1}));
    let bad = [
        vec![("X-Vault-Inline-Auth-Parameter-token", jwt.as_str())],
        vec![path],
        vec![("X-Vault-Inline-Auth-Path", "auth/token/create"), ("X-Vault-Inline-Auth-Parameter-token", &jwt)],
        vec![path, ("X-Vault-Inline-Auth-Parameter-a", &jwt), ("X-Vault-Inline-Auth-Parameter-b", &jwt)],
        vec![path, ("X-Vault-Inline-Auth-Parameter-a", &more)],
        vec![path, ("X-Vault-Inline-Auth-Parameter-a", "%%%")],
        vec![path, ("X-Vault-Inline-Auth-Parameter-a", &jwt), ("X-Vault-Inline-Auth-Operation", "read")],
        vec![path, ("X-Vault-Inline-Auth-Parameter-a", &jwt), ("X-Vault-Inline-Auth-Namespace", "team")],
        vec![path, ("X-Vault-Inline-Auth-Parameter-a", &jwt), ("X-Vault-Inline-Auth-Colour", "red")],
    ];
    for pairs in bad {
        assert!(login(&headers(&pairs)).is_err(), "{pairs:?}");
    }
}

#[test]
fn a_login_in_a_body_is_read() {
    let good = [r#"{"jwt":"a.b.c"}"#, r#"{"jwt":"a.b.c","role":""}"#, r#"{"role":"n_s","jwt":"a.b.c"}"#];
    assert!(good.iter().all(|body| Login::parse(body.as_bytes()).is_ok()));
    let bad = [
        "",
        "[]",
        r#"{"role":"x"}"#,
        r#"{"jwt":1}"#,
        r#"{"jwt":"a","jwt":"b"}"#,
        r#"{"jwt":"a","role":"../x"}"#,
        r#"{"jwt":"a","role":7}"#,
        r#"{"jwt":"a","x":1}"#,
    ];
    for body in bad {
        assert!(Login::parse(body.as_bytes()).is_err(), "{body}");
    }
}
