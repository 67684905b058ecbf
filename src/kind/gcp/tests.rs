use super::*;

fn target(text: &str) -> GcpTarget {
    GcpTarget::question(text).unwrap()
}

#[test]
fn words_are_read_in_any_order_and_written_in_one() {
    for (text, line) in [
        ("deploy@acme.iam.gserviceaccount.com", "deploy@acme.iam.gserviceaccount.com"),
        ("123-compute@developer.gserviceaccount.com", "123-compute@developer.gserviceaccount.com"),
        ("audience=https://a.example a@b.iam.gserviceaccount.com", "a@b.iam.gserviceaccount.com audience=https://a.example"),
        ("audience=https://a.example", "audience=https://a.example"),
        ("direct", "direct"),
    ] {
        assert_eq!(target(text).to_string(), line);
        assert_eq!(GcpTarget::read(Some(line)), Ok(target(text)));
    }
    assert!(GcpTarget::read(None).unwrap().is_open() && GcpTarget::looks_like("a@b.iam.gserviceaccount.com"));
}

#[test]
fn what_is_no_service_account_or_contradicts_itself_is_no_target() {
    let long = format!("{}@acme.iam.gserviceaccount.com", "a".repeat(10_000));
    for text in [
        "",
        "deploy",
        "Deploy@acme.iam.gserviceaccount.com",
        "deploy@acme.example",
        "deploy@gserviceaccount.com",
        "deploy@.gserviceaccount.com",
        "@acme.iam.gserviceaccount.com",
        "a@b@acme.iam.gserviceaccount.com",
        "a/b@acme.iam.gserviceaccount.com",
        "a:generateIdToken@acme.iam.gserviceaccount.com",
        "dep\nloy@acme.iam.gserviceaccount.com",
        "dep\0loy@acme.iam.gserviceaccount.com",
        "dep\u{202e}loy@acme.iam.gserviceaccount.com",
        "dep\"loy@acme.iam.gserviceaccount.com",
        "a@b.iam.gserviceaccount.com  audience=x",
        "a@b.iam.gserviceaccount.com c@b.iam.gserviceaccount.com",
        "audience=x audience=y",
        "audience=",
        "direct audience=x",
        "direct a@b.iam.gserviceaccount.com",
        &long,
    ] {
        assert!(GcpTarget::question(text).is_err(), "{text:?}");
    }
    for scope in ["", "a b", "a\"", "a\n", "a\0", "a,b", "\u{202e}", &long] {
        assert!(GcpScope::parse(scope).is_err(), "{scope:?}");
    }
}

/// Google might accept another spelling of a scope, which guardrails would not match.
#[test]
fn a_scope_has_the_spelling_that_google_lists() {
    let address = |name: &str| format!("https://www.googleapis.com/auth/{name}");
    let listed =
        ["cloud-platform", "cloud-platform.read-only", "devstorage.read_only", "cloud_search.query", "drive.meet.readonly"];
    for scope in listed.map(address).iter().map(String::as_str).chain(["openid", "email", "profile"]) {
        assert_eq!(GcpScope::parse(scope).unwrap().as_str(), scope);
    }
    for name in
        ["", "cloud-platform/", "Cloud-Platform", "/cloud-platform", "cloud-platform.", ".iam", "iam..x", "iam-", "iam%2f", "a/b"]
    {
        assert_eq!(GcpScope::parse(&address(name)), Err(GcpNameError::Scope), "{name}");
    }
    for scope in [
        "HTTPS://www.googleapis.com/auth/iam",
        "http://www.googleapis.com/auth/iam",
        "https://WWW.googleapis.com/auth/iam",
        "https://www.googleapis.com//auth/iam",
        "https://www.googleapis.com:443/auth/iam",
        "https://googleapis.com/auth/iam",
        "cloud-platform",
        "OpenID",
    ] {
        assert_eq!(GcpScope::parse(scope), Err(GcpNameError::Scope), "{scope}");
    }
    let message = GcpNameError::Scope.to_string();
    assert!(message.contains("`https://www.googleapis.com/auth/cloud-platform`") && message.contains("lower case"), "{message}");
}

#[test]
fn a_body_leaves_out_what_it_leaves_to_the_policy_and_says_nothing_twice() {
    let read = |body: Value| serde_json::from_value::<GcpTarget>(body);
    let account = "a@b.iam.gserviceaccount.com";
    assert!(read(json!({})).unwrap().is_open());
    assert_eq!(read(json!({ "service_account": account })).unwrap(), target(account));
    assert_eq!(
        read(json!({ "service_account": account, "audience": "x" })).unwrap(),
        target("a@b.iam.gserviceaccount.com audience=x")
    );
    assert_eq!(read(json!({ "access": "direct" })).unwrap(), target("direct"));
    for bad in [
        json!({ "service_account": null }),
        json!({ "audience": null }),
        json!({ "access": "all" }),
        json!({ "access": "direct", "service_account": account }),
        json!({ "access": "direct", "audience": "x" }),
        json!({ "through": [] }),
        json!({ "ttl": "1h" }),
    ] {
        assert!(read(bad.clone()).is_err(), "{bad}");
    }
}
