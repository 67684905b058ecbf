//! A further host at which an issuer may keep its keys.

use reqwest::Url;
use std::fmt;

/// Why a text names no host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a whole host as in a URL, such as www.googleapis.com, or keys.acme.com:8443 where the port is not 443")]
pub struct JwksHostError;

/// A host, and its port if that is not 443. Keys are read there only by https.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JwksHost(String);

impl JwksHost {
    /// Accepts only the form that a URL has, because hosts are compared byte for byte.
    pub fn parse(text: &str) -> Result<Self, JwksHostError> {
        // No URL in use has a pattern as its host, or a host with a dot at its end.
        if text.contains('*') || text.ends_with('.') || text.contains(".:") {
            return Err(JwksHostError);
        }
        let url = Url::parse(&format!("https://{text}/")).map_err(|_| JwksHostError)?;
        let host = Self::of(&url).ok_or(JwksHostError)?;
        if host.0 == text && url.as_str() == format!("https://{text}/") { Ok(host) } else { Err(JwksHostError) }
    }

    /// The host of an https URL.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let host = url.host_str().filter(|_| url.scheme() == "https")?;
        Some(Self(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))))
    }
}

impl fmt::Display for JwksHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Mapping;

    #[test]
    fn a_host_is_written_as_a_url_has_it() {
        for good in
            ["www.googleapis.com", "keys.acme.com:8443", "10.0.0.7", "[fd00::7]", "[fd00::7]:8443", "xn--bcher-kva.example"]
        {
            assert_eq!(JwksHost::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "https://keys.acme.com",
            "keys.acme.com/jwks",
            "keys.acme.com/",
            "*.acme.com",
            "Keys.acme.com",
            "keys.acme.com.",
            "keys.acme.com.:8443",
            "keys.acme.com:443",
            "keys.acme.com:",
            "user@keys.acme.com",
            "keys.acme.com?x",
            "keys.acme.com#x",
            "keys acme.com",
            "bücher.example",
            "010.0.0.7",
        ] {
            assert_eq!(JwksHost::parse(bad), Err(JwksHostError), "{bad}");
        }
    }

    #[test]
    fn the_hosts_of_mappings_are_hosts() {
        let mappings = Mapping::built_in_names().map(|name| Mapping::built_in(name).unwrap());
        let hosts: Vec<_> = mappings.flat_map(|mapping| mapping.all_jwks_hosts().to_vec()).collect();
        assert_eq!(hosts, ["www.googleapis.com"]);
        assert!(hosts.iter().all(|host| JwksHost::parse(host).is_ok()), "{hosts:?}");
    }
}
