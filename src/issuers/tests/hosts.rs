//! The hosts from which an issuer's keys are accepted.

use super::*;
use crate::issuers::origin::Origin;

/// `accounts.google.com` keeps its keys at `www.googleapis.com`. Without the network a test can show which addresses are accepted
/// and refused.
#[test]
fn keys_are_accepted_from_the_issuers_own_host_and_from_named_and_known_ones() {
    let of = |mapping: &str, issuer: &str, hosts: &[&str], keys: &str| {
        let settings = settings(issuer, |settings| {
            settings.mapping = Mapping::built_in(mapping).unwrap();
            settings.jwks_hosts = hosts.iter().map(|host| JwksHost::parse(host).unwrap()).collect();
        });
        let checked = Origin::new(&settings).unwrap().check_host("https://discovery.example", keys);
        checked.map_err(|fault| fault.to_string())
    };
    let (google, certs) = ("https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs");
    assert_eq!(of("google", google, &[], certs), Ok(()));
    assert_eq!(of("generic", "https://ci.example", &["keys.example"], "https://keys.example/jwks"), Ok(()));
    assert_eq!(of("generic", "https://ci.example", &["keys.example:8443"], "https://keys.example:8443/jwks"), Ok(()));
    assert_eq!(of("generic", "https://ci.example", &[], "https://ci.example/jwks"), Ok(()));
    for (mapping, issuer, hosts, keys, expected) in [
        ("generic", "https://ci.example", &[][..], "https://keys.example/jwks", "write `jwks_hosts: [keys.example]`"),
        ("generic", "https://ci.example", &[], "https://ci.example:8443/jwks", "write `jwks_hosts: [ci.example:8443]`"),
        (
            "generic",
            "https://ci.example",
            &["keys.example"],
            "https://keys.example:8443/jwks",
            "`jwks_hosts: [keys.example:8443]`",
        ),
        ("generic", "https://ci.example", &["keys.example"], "https://a.keys.example/jwks", "`jwks_hosts: [a.keys.example]`"),
        ("generic", "https://ci.example", &["keys.example"], "http://keys.example/jwks", "nor https"),
        ("generic", "https://ci.example", &["keys.example"], "http://ci.example/jwks", "nor https"),
        ("generic", "https://ci.example", &["keys.example"], "file:///etc/passwd", "nor https"),
        ("google", "https://google.acme.example", &[], certs, "write `jwks_hosts: [www.googleapis.com]`"),
        ("generic", google, &[], certs, "write `jwks_hosts: [www.googleapis.com]`"),
    ] {
        let message = of(mapping, issuer, hosts, keys).unwrap_err();
        assert!(
            message.starts_with("https://discovery.example says") && message.contains(keys) && message.contains(expected),
            "{message}"
        );
    }
}
