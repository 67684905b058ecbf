//! The secrets that were presented for one credential. A provider that is broken, or that somebody else answers for, may give one of them
//! back: as the credential, or in an error message.

use crate::words::{Secret, error_code, is_within, plain, repeats};

/// The secrets of one request, and of those before it.
pub(in crate::issue) struct Presented(Vec<Secret>);

/// The provider made no token: the one in its answer grants something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the answer's token is the one that the request presented")]
pub(in crate::issue) struct Echoed;

impl Presented {
    pub(in crate::issue) fn new(secrets: &[&Secret]) -> Self {
        Self(secrets.iter().map(|secret| secret.duplicate()).collect())
    }

    /// Adds what the next request presents.
    pub(in crate::issue) fn and(mut self, secret: &Secret) -> Self {
        self.0.push(secret.duplicate());
        self
    }

    /// Refuses a credential that is one of them, holds one, or is a part of one.
    pub(in crate::issue) fn check(&self, credential: &Secret) -> Result<(), Echoed> {
        let is_same = |one: &Secret| is_within(one, credential) || is_within(credential, one);
        if self.0.iter().any(is_same) { Err(Echoed) } else { Ok(()) }
    }

    /// An error message for the audit log, of so many characters at most. `None` if it repeats a part of a secret.
    pub(in crate::issue) fn sentence(&self, text: &str, characters_max: usize) -> Option<String> {
        let text: String = text.chars().take(characters_max).collect();
        (!self.is_repeated(&text)).then(|| plain(&text).into_owned())
    }

    /// The code of an error for the audit log, if it has the form of one and repeats no secret.
    pub(in crate::issue) fn code<'a>(&self, text: &'a str) -> Option<&'a str> {
        error_code(text).filter(|code| !self.is_repeated(code))
    }

    fn is_repeated(&self, text: &str) -> bool {
        self.0.iter().any(|secret| repeats(text, secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    #[test]
    fn what_was_presented_comes_back_in_no_form() {
        let (token, key) = ("eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl", "AQoDYXdzEPT//////////wEXAMPLE");
        let presented = Presented::new(&[&secret(token)]).and(&secret(key));
        for echo in [token, key, &format!("{token}="), "eyJhbGciOiJFUzI1NiJ9.e30"] {
            assert_eq!(presented.check(&secret(echo)), Err(Echoed), "{echo}");
        }
        assert_eq!(presented.check(&secret("eyJhbGciOiJFUzI1NiJ9.e30.b3RoZXI")), Ok(()), "headers of tokens are alike");
        assert_eq!(presented.sentence(&format!("not {key}!"), 300), None);
        assert_eq!(presented.sentence("no\n\u{1b}[2J", 4).as_deref(), Some("no\\u{a}\\u{1b}"));
        assert_eq!((presented.code(&token[..20]), presented.code("AccessDenied")), (None, Some("AccessDenied")));
    }
}
