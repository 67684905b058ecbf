//! Texts that somebody else's server chose: its refusals go to the audit log. Such a server may repeat in them what our request
//! presented.

use super::Secret;

/// A text that has this many bytes of a secret in common with it repeats it.
const ECHO_BYTES: usize = 16;
/// The longest codes of AWS and of OAuth have some 50 characters.
const CODE_BYTES_MAX: usize = 64;

/// Whether a text repeats a part of a secret.
pub fn repeats(text: &str, secret: &Secret) -> bool {
    secret.expose().windows(ECHO_BYTES).any(|part| contains(text.as_bytes(), part))
}

/// Whether one secret is another, or holds the whole of it. What is shorter than any token is compared as a whole only.
pub fn is_within(inner: &Secret, outer: &Secret) -> bool {
    inner == outer || (inner.expose().len() >= ECHO_BYTES && contains(outer.expose(), inner.expose()))
}

/// The code of an error, if it has the form of one: ASCII letters, digits and dots.
pub fn error_code(text: &str) -> Option<&str> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    (!text.is_empty() && text.len() <= CODE_BYTES_MAX && text.bytes().all(is_good)).then_some(text)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    #[test]
    fn a_part_of_a_secret_is_found() {
        let token = secret("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl");
        for echo in ["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl", "no: NiJ9.eyJzdWIiOiJ4In", "In0.c2lnbmF0dXJl"] {
            assert!(repeats(echo, &token), "{echo}");
        }
        for other in ["", "no", "eyJhbGciOiJFUzI"] {
            assert!(!repeats(other, &token), "{other}");
        }
        assert!(!repeats("anything", &secret("")));
    }

    #[test]
    fn a_secret_with_something_around_it_is_the_same() {
        let token = secret("eyJhbGciOiJFUzI1NiJ9.e30.c2ln");
        assert!(is_within(&token, &token) && is_within(&token, &secret("eyJhbGciOiJFUzI1NiJ9.e30.c2ln==")));
        assert!(is_within(&secret("eyJhbGciOiJFUzI1NiJ9.e30"), &token), "the part without the signature");
        assert!(!is_within(&secret("e30"), &token) && !is_within(&secret("other-token-of-them"), &token));
        assert!(is_within(&secret("e30"), &secret("e30")));
    }

    #[test]
    fn a_code_is_short_and_of_letters_digits_and_dots() {
        let longest = "C".repeat(CODE_BYTES_MAX);
        for good in ["AccessDenied", "Sender.Throttling", "E403", &longest] {
            assert_eq!(error_code(good), Some(good));
        }
        let long = "C".repeat(CODE_BYTES_MAX + 1);
        for bad in ["", "no code", "a_b", "eyJ-x", "<b>", "a\n", "é", "\0", &long] {
            assert_eq!(error_code(bad), None, "{bad:?}");
        }
    }
}
