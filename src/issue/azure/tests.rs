use super::answer::{Answer, Fault};
use crate::kind::Guid;
use crate::words::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;

const TENANT: &str = "99999999-2222-3333-4444-555555555555";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

fn read(body: &Value) -> Result<Answer, Fault> {
    let (tenant, client) = (Guid::parse(TENANT).unwrap(), Guid::parse(CLIENT).unwrap());
    Answer::read(&Secret::from(body.to_string()), &tenant, &client, Duration::from_secs(3600))
}

fn bearing(claims: &Value) -> Value {
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token })
}

#[test]
fn a_token_tells_of_whom_it_is_where_it_can_be_read() {
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
fn what_has_no_life_or_too_much_is_none() {
    let living = |expires_in: Value| json!({ "token_type": "Bearer", "expires_in": expires_in, "access_token": "a" });
    assert!(read(&living(3600.into())).is_ok());
    assert_eq!(read(&living(3601.into())).unwrap_err(), Fault::TooLong);
    assert_eq!(read(&living(u64::MAX.into())).unwrap_err(), Fault::TooLong);
    assert_eq!(read(&living(0.into())).unwrap_err(), Fault::Over);
    for strange in [json!(-1), json!("3600"), json!(null), json!(1.5)] {
        assert_eq!(read(&living(strange.clone())).unwrap_err(), Fault::Form, "{strange}");
    }
}
