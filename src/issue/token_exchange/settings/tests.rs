use super::*;
use crate::issue::provider::Places;
use crate::words::yaml::{Fields, Node};

struct Here;

impl Places for Here {
    fn private<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        fields.text(node).map(PathBuf::from)
    }

    fn trusted<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        fields.text(node).map(PathBuf::from)
    }

    fn credential<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(String, Option<PathBuf>)> {
        fields.text(node).map(|name| (name.to_owned(), None))
    }
}

fn read(service: &str) -> Result<ServiceSettings, Vec<String>> {
    let text = format!("services: [ {{ {service} }} ]");
    let node = Node::parse("daypass.yaml", text.as_bytes()).unwrap();
    let mut faults = Vec::new();
    let mut fields = Fields::new("daypass.yaml", &text, &node, &mut faults);
    let settings = TokenExchangeSettings::read(&mut fields, &Here);
    fields.finish();
    let messages: Vec<String> = faults.iter().map(|fault| fault.message.to_string()).collect();
    if messages.is_empty() { Ok(settings.ok_or(messages)?.services.remove(0)) } else { Err(messages) }
}

const GOOD: &str = "name: partner, url: \"https://partner.example/oauth/token\", encoding: json, audience: \"https://partner.example\", \
    assertion: assertion, fields: { grant_type: \"urn:ietf:params:oauth:grant-type:jwt-bearer\" }, policy_fields: [role], \
    token: /access_token, lifetime: /expires_in";

#[test]
fn a_service_is_read() {
    let service = read(GOOD).unwrap();
    assert_eq!((service.encoding, service.assertion.as_str()), (Encoding::Json, "assertion"));
    assert_eq!(service.lifetime, Lifetime::At("/expires_in".to_owned()));
    let typed = "fields: { subject_token_type: x, client_assertion_type: x, organization_id: x, grant_type:";
    assert!(
        read(&GOOD.replace("fields: { grant_type:", typed).replace("fields: {", "headers: { anthropic-beta: x }, fields: {"))
            .is_ok()
    );
    let changed = read(&GOOD.replace("lifetime: /expires_in", "lifetime: 1h")).unwrap();
    assert_eq!(changed.lifetime, Lifetime::Documented(Duration::from_secs(3600)));
    assert_eq!(service.check(&ExchangeFields::parse("role=x").unwrap()), Ok(()));
    assert_eq!(service.check(&ExchangeFields::default()), Err(FieldsError::Missing("role".to_owned())));
    assert_eq!(
        service.check(&ExchangeFields::parse("role=x&grant_type=y").unwrap()),
        Err(FieldsError::Unknown("grant_type".to_owned()))
    );
}

#[test]
fn what_is_wrong_is_told() {
    for (old, new, expected) in [
        ("https://partner.example/oauth", "http://partner.example/oauth", "expected an https address"),
        ("encoding: json", "encoding: xml", "expected `form` or `json`"),
        ("\"https://partner.example\",", "sts.amazonaws.com,", "a cloud takes tokens"),
        ("token: /access_token", "token: access_token", "access_token"),
        ("lifetime: /expires_in", "lifetime: soon", "soon"),
        ("policy_fields: [role]", "policy_fields: [assertion]", "`assertion` is set twice"),
        ("policy_fields: [role]", "policy_fields: [grant_type]", "`grant_type` is set twice"),
        ("fields: { grant_type:", "fields: { assertion: x, grant_type:", "`assertion` is set twice"),
        ("fields: { grant_type:", "fields: { \"a b\": x, grant_type:", "a field's name has"),
        ("fields: {", "headers: { Authorization: \"Bearer x\" }, fields: {", "`Authorization` is called like a secret"),
        ("fields: {", "headers: { X-Auth-Token: hunter2 }, fields: {", "`X-Auth-Token` is called like a secret"),
        ("fields: {", "headers: { x-api-key: hunter2 }, fields: {", "`x-api-key` is called like a secret"),
        ("fields: {", "headers: { x-beta: eyJhbGciOi }, fields: {", "`x-beta` is called like a secret"),
        ("fields: {", "headers: { Content-Type: text/plain }, fields: {", "the request sets `Content-Type` itself"),
        ("fields: { grant_type:", "fields: { client_secret: hunter2, grant_type:", "`client_secret` is called like a secret"),
        ("fields: { grant_type:", "fields: { refresh_token: hunter2, grant_type:", "`refresh_token` is called like a secret"),
        ("fields: { grant_type:", "fields: { hint: eyJhbGciOi, grant_type:", "`hint` is called like a secret"),
        ("policy_fields: [role]", "policy_fields: [client_secret]", "`client_secret` is called like a secret"),
        ("lifetime: /expires_in", "lifetime: 0s", "expected 1s to 24h"),
        ("lifetime: /expires_in", "lifetime: 25h", "expected 1s to 24h"),
        ("name: partner", "name: Partner", "a service's name has"),
        ("token: /access_token, ", "", "`token` is missing"),
        ("encoding: json", "encoding: json, secret: x", "unknown key `secret`"),
        ("encoding: json", "encoding: json, algorithm: RS256", "unknown key `algorithm`"),
    ] {
        let messages = read(&GOOD.replacen(old, new, 1)).unwrap_err();
        assert!(messages.iter().any(|message| message.contains(expected)), "{new}: {messages:?}");
    }
}

#[test]
fn what_a_service_would_refuse_is_known_before_a_job_asks() {
    use crate::issue::ProviderKind;
    use crate::kind::Kind;
    use crate::kind::TokenExchangeTarget;
    let settings = TokenExchangeSettings { services: vec![read(GOOD).unwrap()] };
    let misfit = |text: &str| {
        let granted = TokenExchangeTarget::read(Some(text)).unwrap();
        let granted = TokenExchangeTarget { fields: granted.fields.or(Some(ExchangeFields::default())), ..granted };
        TokenExchangeTarget::misfit(&settings, &granted).map(|misfit| misfit.to_string())
    };
    assert_eq!(misfit("partner?role=x"), None);
    assert_eq!(misfit("nobody?role=x").as_deref(), Some("the configuration has no service `nobody`"));
    assert!(misfit("partner").unwrap().contains("does not set `role`"));
    assert!(misfit("partner?role=x&more=y").unwrap().contains("sets `more`"));
}
