use super::answer::{Answer, Fault};
use crate::kind::Guid;
use crate::words::{Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;

const TENANT: &str = "99999999-2222-3333-4444-555555555555";
const NOW: i64 = 1_800_000_000;
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

fn read(body: &Value) -> Result<Answer, Fault> {
    let (tenant, client) = (Guid::parse(TENANT).unwrap(), Guid::parse(CLIENT).unwrap());
    Answer::read(&Secret::from(body.to_string()), &tenant, &client, UnixTime::from_seconds(NOW), Duration::from_secs(3600))
}

fn bearing(claims: &Value) -> Value {
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token })
}

#[test]
fn a_readable_token_is_checked_for_its_tenant_and_application() {
    for good in [
        json!({ "tid": TENANT, "appid": CLIENT }),
        json!({ "tid": TENANT.to_uppercase(), "azp": CLIENT.to_uppercase() }),
        json!({ "aud": "x" }),
    ] {
        assert!(read(&bearing(&good)).is_ok(), "{good}");
    }
    assert_eq!(read(&bearing(&json!({ "tid": CLIENT, "appid": CLIENT }))).unwrap_err(), Fault::Tenant);
    assert_eq!(read(&bearing(&json!({ "tid": TENANT, "azp": TENANT }))).unwrap_err(), Fault::Application);
    assert_eq!(read(&bearing(&json!({ "tid": "contoso", "appid": CLIENT }))).unwrap_err(), Fault::Tenant);
    for odd in [json!({ "tid": 5 }), json!({ "tid": null, "appid": CLIENT }), json!({ "tid": CLIENT, "appid": 5 })] {
        assert_eq!(read(&bearing(&odd)).unwrap_err(), Fault::Tenant, "a claim of another type is compared too: {odd}");
    }
    let opaque = json!({ "token_type": "bearer", "expires_in": 1, "access_token": "EwBwA8l6BAAU" });
    assert_eq!(read(&opaque).unwrap().lifetime, Duration::from_secs(1));
}

#[test]
fn a_lifetime_of_zero_or_beyond_the_grant_is_refused() {
    let living = |expires_in: Value| json!({ "token_type": "Bearer", "expires_in": expires_in, "access_token": "a" });
    assert!(read(&living(3600.into())).is_ok());
    assert_eq!(read(&living(3601.into())).unwrap_err(), Fault::TooLong);
    assert_eq!(read(&living(u64::MAX.into())).unwrap_err(), Fault::TooLong);
    assert_eq!(read(&living(0.into())).unwrap_err(), Fault::Over);
    for strange in [json!(-1), json!("3600"), json!(null), json!(1.5)] {
        assert_eq!(read(&living(strange.clone())).unwrap_err(), Fault::Form, "{strange}");
    }
}

#[test]
fn a_malformed_jwt_is_refused() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let result_of =
        |token: String| read(&json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token })).map(|_| ());
    let (header, other) = (part(r#"{"alg":"RS256"}"#), part(&json!({ "tid": CLIENT }).to_string()));
    let own = part(&json!({ "tid": TENANT }).to_string());
    assert_eq!(result_of(format!("{header}.{own}.c2ln")), Ok(()));
    let jwe = part(r#"{"alg":"dir","enc":"A256GCM"}"#);
    assert_eq!(result_of(format!("{jwe}..aXY.Y2lwaGVy.dGFn")), Ok(()), "a resource may have its tokens encrypted");
    for bad in [
        format!("{header}.{other}"),
        format!("{header}.{other}."),
        format!("{header}.{other}=.c2ln"),
        format!("{header}.{}.c2ln", part(&format!("\u{feff}{}", json!({ "tid": CLIENT })))),
        format!("{header}.{}.c2ln", part(&format!(r#"{{"tid":"{TENANT}","tid":"{CLIENT}"}}"#))),
        format!("{header}.{}.c2ln", part("[]")),
        format!("{header}.{other}.c2ln.c2ln.c2ln"),
        format!("{header}.{own}.c2ln.x"),
        format!("+{header}.{own}.c2ln"),
        header.clone(),
    ] {
        assert_eq!(result_of(bad.clone()), Err(Fault::Malformed), "{bad}");
    }
}

#[test]
fn a_jwt_ends_when_the_answer_says() {
    for (exp, fault) in [
        (json!(NOW + 3600), None),
        (json!(NOW + 3600 + 300), None),
        (json!(NOW + 3600 + 301), Some(Fault::Exp)),
        (json!(i64::MAX), Some(Fault::Exp)),
        (json!(u64::MAX), Some(Fault::Exp)),
        (json!("soon"), Some(Fault::Exp)),
        (json!(null), Some(Fault::Exp)),
    ] {
        assert_eq!(read(&bearing(&json!({ "tid": TENANT, "exp": exp }))).err(), fault, "{exp}");
    }
    let twice = r#"{"token_type":"Bearer","expires_in":60,"access_token":"a","ext":1,"ext":2}"#.to_owned();
    let (tenant, client) = (Guid::parse(TENANT).unwrap(), Guid::parse(CLIENT).unwrap());
    let answer = Answer::read(&Secret::from(twice), &tenant, &client, UnixTime::from_seconds(NOW), Duration::from_secs(60));
    assert_eq!(answer.unwrap_err(), Fault::Form);
}
