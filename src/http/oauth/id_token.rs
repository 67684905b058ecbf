//! A token of our own issuer, for any audience that is not one of Google's.

use super::issued::{Issued, TokenType};
use crate::exchange::{RecordedRefusal, Released};
use crate::kind::{IdToken, IdTokenTarget, Target};
use crate::words::UnixTime;
use crate::words::names::Audience;

pub(super) fn target(audience: Audience) -> Target {
    IdTokenTarget { audience }.into()
}

pub(super) fn issued(released: &Released, requested: TokenType, now: UnixTime) -> Result<Issued<'_>, RecordedRefusal> {
    let token: &IdToken = released.only()?;
    Ok(Issued::of(requested, &token.token, token.expires_at, now))
}
