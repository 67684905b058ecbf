//! Whether clients accept a certificate for the server's name.

use crate::answers::CertificateFault;
use crate::words::names::IssuerUrl;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// Why clients that reach the server by this address refuse the server's own certificate.
pub(super) fn fault(own: &CertificateDer<'_>, public_url: &IssuerUrl) -> Option<CertificateFault> {
    let parsed = X509Certificate::from_der(own).ok().map(|(_, parsed)| parsed);
    if parsed.as_ref().is_some_and(|parsed| parsed.is_ca()) {
        return Some(CertificateFault::CaCertificate);
    }
    if !parsed.as_ref().is_none_or(is_for_servers) {
        return Some(CertificateFault::NotForServers);
    }
    let url = reqwest::Url::parse(public_url.as_str()).ok()?;
    let host = url.host_str()?;
    // An IPv6 address has brackets in a URL, and none in a certificate.
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let counts = ServerName::try_from(bare).ok().zip(ParsedCertificate::try_from(own).ok());
    let counts = counts.is_some_and(|(name, certificate)| verify_server_name(&certificate, &name).is_ok());
    (!counts).then(|| CertificateFault::NotForHost { host: host.to_owned() })
}

/// RFC 5280, section 4.2.1.12: without the extension it serves any purpose. Clients take no `anyExtendedKeyUsage` for `serverAuth`.
fn is_for_servers(certificate: &X509Certificate<'_>) -> bool {
    match certificate.extended_key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.server_auth),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_valid_for_the_names_in_it() {
        let is_for = |names: &[&str], url: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let generated = rcgen::generate_simple_self_signed(names).unwrap();
            fault(generated.cert.der(), &IssuerUrl::parse(url).unwrap()).is_none()
        };
        for (names, url, expected) in [
            (&["daypass.example"][..], "https://daypass.example", true),
            (&["other.example", "daypass.example"], "https://daypass.example:8443/below", true),
            (&["DayPass.example"], "https://daypass.example", true),
            (&["*.example.org"], "https://daypass.example.org", true),
            (&["*.example.org"], "https://a.daypass.example.org", false),
            (&["example.org"], "https://daypass.example.org", false),
            (&["127.0.0.1"], "https://127.0.0.1:8443", true),
            (&["127.0.0.1"], "https://127.0.0.2:8443", false),
            (&["::1"], "https://[::1]:8443", true),
            (&["localhost"], "https://[::1]:8443", false),
            (&[], "https://daypass.example", false),
        ] {
            assert_eq!(is_for(names, url), expected, "{names:?} {url}");
        }
    }

    /// As `openssl req -x509` makes it by default.
    #[test]
    fn an_authoritys_own_certificate_is_refused_as_a_servers() {
        let mut parameters = rcgen::CertificateParams::new(vec!["daypass.example".to_owned()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let made = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let told = fault(made.der(), &IssuerUrl::parse("https://daypass.example").unwrap()).unwrap();
        assert_eq!(told, CertificateFault::CaCertificate);
    }

    #[test]
    fn a_certificate_for_clients_is_refused_as_a_servers() {
        use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        let fault_for = |purposes: &[rcgen::ExtendedKeyUsagePurpose]| {
            let mut parameters = rcgen::CertificateParams::new(vec!["daypass.example".to_owned()]).unwrap();
            parameters.extended_key_usages = purposes.to_vec();
            let generated = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
            fault(generated.der(), &IssuerUrl::parse("https://daypass.example").unwrap())
        };
        assert_eq!(fault_for(&[ClientAuth]), Some(CertificateFault::NotForServers));
        assert_eq!([fault_for(&[]), fault_for(&[ServerAuth]), fault_for(&[ClientAuth, ServerAuth])], [None, None, None]);
    }
}
