use super::*;

fn target(text: &str) -> TokenExchangeTarget {
    TokenExchangeTarget::question(text).unwrap()
}

#[test]
fn a_target_is_written_as_it_is_read() {
    for (text, line) in [
        ("partner", "partner"),
        ("partner?", "partner?"),
        ("partner?b=2&a=1", "partner?a=1&b=2"),
        ("partner?scope=read+write&x=a%26b%3Dc%2F%40", "partner?scope=read+write&x=a%26b%3Dc%2F%40"),
    ] {
        assert_eq!(target(text).to_string(), line);
        assert_eq!(TokenExchangeTarget::read(Some(line)), Ok(target(text)));
        let body = serde_json::to_value(target(text)).unwrap();
        assert_eq!(serde_json::from_value::<TokenExchangeTarget>(body).unwrap(), target(text));
    }
    assert_ne!(target("partner"), target("partner?"), "no field is another thing than any");
}

#[test]
fn hostile_names_and_values_are_none() {
    let long = "a".repeat(10_000);
    for name in ["", "a b", "a\n", "a\0", "a\u{202e}", "a\"b", "Partner", "a/b", &long] {
        assert!(TokenExchangeTarget::question(name).is_err(), "{name}");
        let fields = ExchangeFields::new([(name.to_owned(), "x".to_owned())]);
        assert!(fields.is_err() || name == "Partner", "{name}");
    }
    for value in ["", "a\n", "a\0", "a\u{202e}", "caf\u{e9}", &long] {
        assert_eq!(ExchangeFields::new([("x".to_owned(), value.to_owned())]), Err(FieldError::Value), "{value}");
    }
    assert_eq!(ExchangeFields::parse("a=1&a=2"), Err(FieldError::Twice));
    let many = (0..17).map(|number| (format!("f{number}"), "x".to_owned()));
    assert_eq!(ExchangeFields::new(many), Err(FieldError::TooMany));
}

#[test]
fn a_body_leaves_out_what_it_leaves_to_the_policy() {
    let read = |body: Value| serde_json::from_value::<TokenExchangeTarget>(body);
    assert!(read(json!({})).unwrap().is_open());
    assert_eq!(read(json!({ "service": "partner", "fields": { "a": "1" } })).unwrap(), target("partner?a=1"));
    for bad in [
        json!({ "service": null }),
        json!({ "service": "partner", "fields": null }),
        json!({ "service": "partner", "fields": { "a": 1 } }),
        json!({ "service": "partner", "fields": { "a b": "1" } }),
        json!({ "service": "partner", "url": "https://evil.example" }),
    ] {
        assert!(read(bad.clone()).is_err(), "{bad}");
    }
}
