//! What a message may quote of what somebody gave: a name, a path, an address. Whoever gave a secret in its place finds it in no log.

use super::private_key::{holds_private_key, without_keys};
use super::token_text::tokens;
use super::url_secret::{secrets_of_url, url_secrets};
use std::borrow::Cow;
use std::ops::Range;

/// Leaves out private keys, tokens, and what URLs hold beside an address.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    without_keys_and_tokens(without(text, url_secrets(text)))
}

/// The same for a text that is one value as a whole. If it is a URL, a password in it may have spaces and quotes.
pub fn value_without_secrets(text: &str) -> Cow<'_, str> {
    without_keys_and_tokens(without(text, secrets_of_url(text)))
}

/// Whether a text that should be a name holds what must not be recorded: a token, a private key, the user of a URL. A query is none: an
/// audience may have one.
pub fn holds_secret(text: &str) -> bool {
    let is_user = |secret: &Range<usize>| text[secret.end..].starts_with('@');
    // Nearly every name ends at the first question.
    let has_user = || text.contains('@') && secrets_of_url(text).iter().chain(&url_secrets(text)).any(is_user);
    tokens(text).next().is_some() || holds_private_key(text.as_bytes()).is_some() || has_user()
}

fn without_keys_and_tokens(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = match text {
        Cow::Borrowed(text) => without_keys(text),
        Cow::Owned(text) => Cow::Owned(without_keys(&text).into_owned()),
    };
    match text {
        Cow::Borrowed(text) => without(text, tokens(text).collect()),
        Cow::Owned(text) => Cow::Owned(without(&text, tokens(&text).collect()).into_owned()),
    }
}

/// The text without these parts of it, which are in order.
fn without(text: &str, secrets: Vec<Range<usize>>) -> Cow<'_, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut done) = (String::new(), 0);
    for secret in secrets {
        shown.push_str(&text[done..secret.start]);
        shown.push('…');
        done = secret.end;
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "s".repeat(342))
    }

    #[test]
    fn keys_tokens_and_secrets_of_urls_are_left_out_together() {
        let (key, token) = (format!("AGE-SECRET-KEY-1{}", "Q".repeat(58)), token());
        assert_eq!(without_secrets(&format!("https://u:p@h?{key} {key}")), "https://…@h?… AGE-SECRET-KEY-…");
        assert_eq!(without_secrets(&format!("{token} {key}, {token}")), "eyJ… AGE-SECRET-KEY-…, eyJ…");
        assert_eq!(value_without_secrets(&format!("https://u:p <{key}@h?{token}")), "https://…@h?…");
        assert!(matches!(without_secrets("https://h/x"), Cow::Borrowed("https://h/x")));
    }

    #[test]
    fn a_name_holds_no_secret() {
        for bad in [&*token(), &format!("AGE-SECRET-KEY-1{}", "Q".repeat(58)), "https://u:p@h", "https:/u:p@h", "https://t@h"] {
            assert!(holds_secret(bad), "{bad}");
        }
        for good in
            ["https://h/x?y=z", "shop/eyJ.a.b", "acme/shop@456789", "//iam.googleapis.com/projects/1/x", "sts.amazonaws.com"]
        {
            assert!(!holds_secret(good), "{good}");
        }
    }
}
