//! The address of a provider. Only the configuration sets it.

use reqwest::Url;

/// A text is not the address of a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected an https address (http only on 127.0.0.1, [::1] and localhost) without a user, a query and a fragment")]
pub(crate) struct AddressError;

/// Parses an address.
pub(crate) fn address(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError)?;
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if is_safe && is_bare { Ok(url) } else { Err(AddressError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_asked_for_over_tls_or_on_this_machine() {
        for good in
            ["https://a.example", "https://a.example/x/y", "http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]/x"]
        {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "http://a.example",
            "https://u@a.example",
            "https://u:p@a.example",
            "https://a.example/?x=1",
            "https://a.example/#x",
            "file:///etc/passwd",
            "http://127.0.0.1.evil.example/",
        ] {
            assert_eq!(address(bad), Err(AddressError), "{bad}");
        }
    }
}
