use super::*;

const FORM: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=a.b.c\
&subject_token_type=urn:ietf:params:oauth:token-type:jwt&audience=https://partner.example";
const JSON: &str = r#"{"grantType":"urn:ietf:params:oauth:grant-type:token-exchange","subjectToken":"a.b.c",
"subjectTokenType":"urn:ietf:params:oauth:token-type:id_token","audience":"https://partner.example",
"requestedTokenType":"urn:ietf:params:oauth:token-type:access_token"}"#;

fn read(kind: &str, body: &str) -> Result<Parameters, &'static str> {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
    Parameters::read(&headers, body.as_bytes()).map_err(|fault| {
        assert!(!fault.denial.cause.contains("a.b.c"), "{}", fault.denial.cause);
        fault.code
    })
}

fn form(body: &str) -> Result<Parameters, &'static str> {
    read("application/x-www-form-urlencoded; charset=UTF-8", body)
}

#[test]
fn a_form_and_googles_json_give_the_same_parameters() {
    let (one, other) = (form(FORM).unwrap(), read("application/json", JSON).unwrap());
    assert_eq!((&one.audience, &one.token, one.requested), (&other.audience, &other.token, TokenType::Jwt));
    assert_eq!(other.requested, TokenType::Access);
    let by_resource = form(&FORM.replace("audience", "resource")).unwrap();
    assert_eq!(by_resource.audience, one.audience);
    let named = form(&format!("{FORM}&scope=shop/deploy&client_id=x&options=")).unwrap();
    assert_eq!(named.policy.unwrap().as_str(), "shop/deploy");
}

#[test]
fn each_fault_has_its_error_code() {
    let with = |more: &str| form(&format!("{FORM}&{more}"));
    let cases = [
        (form(""), "invalid_request"),
        (form(&FORM.replace("token-exchange", "jwt-bearer")), "unsupported_grant_type"),
        (form(&FORM.replace("token-type:jwt", "token-type:saml2")), "invalid_request"),
        (form(&FORM.replace("token-type:jwt", "token-type:access_token")), "invalid_request"),
        (form(&FORM.replace("https://partner.example", "a+b")), "invalid_target"),
        (form(&FORM.replace("https://partner.example", "")), "invalid_request"),
        (with("resource=https://other.example"), "invalid_request"),
        (with("audience=https://other.example"), "invalid_request"),
        (with("actor_token=x"), "invalid_request"),
        (with("client_secret=x"), "invalid_request"),
        (with("options=%7B%7D"), "invalid_request"),
        (with("requested_token_type=urn:ietf:params:oauth:token-type:saml2"), "invalid_request"),
        (with("scope=openid+email"), "invalid_scope"),
        (with("scope=https://www.googleapis.com/auth/cloud-platform"), "invalid_scope"),
        (read("text/plain", FORM), "invalid_request"),
        (read("application/json", FORM), "invalid_request"),
        (read("application/json", "[]"), "invalid_request"),
        (read("application/json", &JSON.replace("\"a.b.c\"", "{}")), "invalid_request"),
        (read("application/json", &JSON.replace("subjectToken\"", "subject_token\"")), "invalid_request"),
        (read("application/json", &JSON.replace("{", r#"{"audience":"x","#)), "invalid_request"),
    ];
    for (number, (read, code)) in cases.into_iter().enumerate() {
        assert_eq!(read.err(), Some(code), "case {number}");
    }
}

#[test]
fn an_authorization_header_is_an_invalid_client() {
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, "Basic eDp5".parse().unwrap())]);
    assert_eq!(Parameters::read(&headers, FORM.as_bytes()).err().map(|fault| fault.code), Some("invalid_client"));
}

proptest::proptest! {
    #[test]
    fn random_bodies_are_refused(form in "[a-z_&=%+0-9é]{0,60}", json in "[\\[\\]{}\":,a-zA-Z_é0-9]{0,60}") {
        proptest::prop_assert!(read("application/x-www-form-urlencoded", &form).is_err());
        proptest::prop_assert!(read("application/json", &json).is_err());
    }
}
