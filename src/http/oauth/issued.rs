//! The answer of a token exchange, and the types of tokens.

use crate::words::{Secret, UnixTime, exposed};
use serde::Serialize;

/// RFC 8693, section 3. The server signs the same token for all three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenType {
    Access,
    Id,
    Jwt,
}

impl TokenType {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "urn:ietf:params:oauth:token-type:access_token",
            Self::Id => "urn:ietf:params:oauth:token-type:id_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
        }
    }

    /// `token_type`: how the token is used. An ID token is not used as an access token.
    pub(super) const fn usage(self) -> &'static str {
        match self {
            Self::Access | Self::Jwt => "Bearer",
            Self::Id => "N_A",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Access, Self::Id, Self::Jwt].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// RFC 8693, section 2.2.1.
#[derive(Serialize)]
pub(super) struct Issued<'a> {
    #[serde(with = "exposed::text")]
    access_token: &'a Secret,
    issued_token_type: &'a str,
    token_type: &'a str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
}

impl<'a> Issued<'a> {
    pub(super) fn of(requested: TokenType, access_token: &'a Secret, expires_at: UnixTime, now: UnixTime) -> Self {
        let (issued_token_type, token_type) = (requested.as_str(), requested.usage());
        Self { access_token, issued_token_type, token_type, expires_in: expires_at.since(now).as_secs(), scope: None }
    }
}
