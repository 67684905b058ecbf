use super::*;

#[test]
fn a_provider_is_named_as_google_names_it() {
    let good = "projects/123456/locations/global/workloadIdentityPools/daypass/providers/ci-1";
    let name = ProviderName::parse(good).unwrap();
    assert_eq!((name.to_string().as_str(), name.project(), name.pool(), name.provider()), (good, "123456", "daypass", "ci-1"));
    assert_eq!(name.audience(), format!("//iam.googleapis.com/{good}"));
    let long = good.replace("daypass", &"a".repeat(10_000));
    for bad in [
        "",
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/daypass/providers/ci-1",
        "projects/acme/locations/global/workloadIdentityPools/daypass/providers/ci-1",
        "projects/1/locations/eu/workloadIdentityPools/daypass/providers/ci-1",
        "projects/1/locations/global/workloadIdentityPools/day/providers/ci-1",
        "projects/1/locations/global/workloadIdentityPools/daypass/providers/ci\n-1",
        "projects/1/locations/global/workloadIdentityPools/daypass/providers/ci-1/",
        "projects/1/locations/global/workloadIdentityPools/day\"pass/providers/ci-1",
        "projects/1/locations/global/workloadIdentityPools/day\u{202e}pass/providers/ci-1",
        &long,
    ] {
        assert_eq!(ProviderName::parse(bad), Err(GcpSettingsError::Provider), "{bad:?}");
    }
}

#[test]
fn an_endpoint_is_an_address_and_nothing_more() {
    assert!(address("https://sts.acme.internal/google").is_ok() && address("http://127.0.0.1:8080").is_ok());
    for bad in ["http://sts.googleapis.com", "https://u:p@sts.example", "https://sts.example?a", "ftp://x", "x"] {
        assert!(address(bad).is_err(), "{bad}");
    }
    assert_eq!(max_ttl("12h"), Ok(TTL_MAX_MOST));
    assert!(max_ttl("13h").is_err() && max_ttl("30m").is_err() && max_ttl("x").is_err());
}
