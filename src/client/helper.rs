//! Credentials in the protocols by which tools ask a program for them: one file per protocol.

pub mod aws;
pub mod docker;
pub mod gcp;
pub mod git;
pub mod kubernetes;

use super::delivery::{IdTokenRequest, SecretRequest};
use super::request::Request;
use super::server::Server;
use super::{Failure, STATUS_CONFIGURATION};
use crate::kind::IdToken;
use crate::words::names::{Audience, SecretName};
use crate::words::{Secret, UnixTime};

/// The most that a helper reads. Tools write a few lines.
pub const INPUT_BYTES_MAX: u64 = 64 * 1024;

/// Where a password comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasswordSource {
    /// A granted secret.
    Secret(SecretName),
    /// A token of the server's own issuer, for this audience.
    Token(Audience),
}

/// A password, and its end if that is known.
pub struct Password {
    /// One line of text.
    pub value: Secret,
    /// The end of a token. That of a secret is not known.
    pub expires_at: Option<UnixTime>,
}

impl PasswordSource {
    /// Asks the server for it.
    pub async fn fetch(&self, server: &Server, policy: Option<&str>) -> Result<Password, Failure> {
        match self {
            Self::Token(audience) => {
                let IdToken { token, expires_at, .. } = server.fetch(&IdTokenRequest(audience.clone()), policy).await?;
                Ok(Password { value: token, expires_at: Some(expires_at) })
            }
            Self::Secret(name) => {
                let request = SecretRequest(name.clone());
                let answer = server.exchange(&[request.body()], policy).await?;
                Ok(Password { value: one_line(&request.value(&answer)?, name)?, expires_at: None })
            }
        }
    }
}

/// The secret without a last line end, which editors leave. Any other line end would be read as the protocol's own.
fn one_line(secret: &Secret, name: &SecretName) -> Result<Secret, Failure> {
    let unfit = || Failure::new(STATUS_CONFIGURATION, format!("the secret {name} is no password: it is not one line of text"));
    let text = secret.expose_text().ok_or_else(unfit)?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() || text.contains(|character: char| character.is_control()) {
        return Err(unfit());
    }
    Ok(text.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line() {
        let name = SecretName::parse("shop/token.age").unwrap();
        let read =
            |text: &str| one_line(&text.to_owned().into(), &name).map(|secret| secret.expose_text().unwrap().to_owned()).ok();
        assert_eq!(read("s3cret\n").as_deref(), Some("s3cret"));
        assert_eq!(read("s3cret\r\n").as_deref(), Some("s3cret"));
        for unfit in ["", "\n", "a\nhost=evil.example\n", "a\0b", "a\rb"] {
            assert_eq!(read(unfit), None, "{unfit:?}");
        }
    }
}
