//! The token of a request: a session's or, with OpenBao's inline authentication, the job's own.

use super::inline;
use crate::exchange::{RequestContext, TokenKind};
use crate::words::names::PolicyName;
use crate::words::{Denial, Reason, Secret};
use axum::http::{HeaderMap, header};

pub(super) const TOKEN: &str = "x-vault-token";

/// A token, its kind, and the policy that an inline login names.
pub(super) struct Proof {
    token: Secret,
    pub(super) shown: TokenKind,
    pub(super) policy: Option<PolicyName>,
}

impl Proof {
    /// Reads the headers. A request with both kinds of token is refused: it would be unclear whose it is.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Denial> {
        let token = session_token(headers)?;
        match (token, inline::login(headers)?) {
            (Some(token), None) => Ok(Self { token, shown: TokenKind::Session, policy: None }),
            (None, Some(login)) => Ok(Self { token: login.jwt, shown: TokenKind::Token, policy: login.role }),
            (None, None) => Err(missing("the request carries no session token")),
            (Some(_), Some(_)) => Err(missing("a session token beside an inline login")),
        }
    }

    /// The token.
    pub(super) const fn token(&self) -> &Secret {
        &self.token
    }

    /// The call with the token, and the token's kind.
    pub(super) fn into_call(self, call: RequestContext) -> (RequestContext, TokenKind) {
        (RequestContext { token: Ok(self.token), ..call }, self.shown)
    }
}

/// The token in `X-Vault-Token` or `Authorization: Bearer`. Both headers are allowed only with the same token.
fn session_token(headers: &HeaderMap) -> Result<Option<Secret>, Denial> {
    let mut values = headers.get_all(TOKEN).iter().map(|value| value.to_str()).collect::<Result<Vec<_>, _>>();
    if let Ok(values) = &mut values {
        for value in headers.get_all(header::AUTHORIZATION) {
            let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
            match bearer {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => values.push(token),
                _ => return Err(missing("the Authorization header is not a bearer token")),
            }
        }
        values.dedup();
    }
    match values.map_err(|_| missing("the token is not ASCII"))?[..] {
        [] => Ok(None),
        [token] => Ok(Some(token.to_owned().into())),
        _ => Err(missing("two different tokens")),
    }
}

fn missing(cause: &str) -> Denial {
    Reason::TokenMissing.with_cause(cause).with_detail("The request carries no session token.").with_hint(
        "Log in with the job's token at `auth/<mount>/login`, and send the session token that it gives as `X-Vault-Token`.",
    )
}
