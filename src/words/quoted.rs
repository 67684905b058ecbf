//! What a message may quote of what somebody gave: a name, a path, an address. Whoever gave a secret in its place finds it in no log.

use super::private_key::without_keys;
use super::url_secret::url_secrets;
use std::borrow::Cow;

/// Leaves out private keys, and what URLs hold beside an address.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let secrets = url_secrets(text);
    if secrets.is_empty() {
        return without_keys(text);
    }
    let (mut shown, mut done) = (String::new(), 0);
    for secret in secrets {
        shown.push_str(&text[done..secret.start]);
        shown.push('…');
        done = secret.end;
    }
    shown.push_str(&text[done..]);
    Cow::Owned(without_keys(&shown).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_secrets_of_urls_are_left_out_together() {
        let key = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
        assert_eq!(without_secrets(&format!("https://u:p@h?{key} {key}")), "https://…@h?… AGE-SECRET-KEY-…");
        assert!(matches!(without_secrets("https://h/x"), Cow::Borrowed("https://h/x")));
    }
}
