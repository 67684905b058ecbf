//! The form of GitHub's tokens, and how to find them in an answer.

use crate::words::Secret;

/// The old form has 40 characters, the stateless one of 2026 some 520. This is enough for a token that names 500 repositories.
const TOKEN_BYTES_MAX: usize = 8192;
/// The most tokens of one answer that are revoked. GitHub answers with one.
const TOKENS_MAX: usize = 3;
/// The characters after `ghs_` (github.blog, changelog of 2026-05-15: `ghs_[A-Za-z0-9._-]{36,}`).
const TOKEN_BYTES_MIN: usize = 36;

/// `ghs_` and 36 characters, or the stateless `ghs_APPID_JWT`.
pub(super) fn is_token(token: &Secret) -> bool {
    let Some(rest) = token.expose().strip_prefix(b"ghs_") else { return false };
    let good = rest.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    let sized = rest.len() >= TOKEN_BYTES_MIN && token.expose().len() <= TOKEN_BYTES_MAX;
    good && sized
}

/// The tokens in an answer that is refused, so that they can be revoked.
pub(crate) fn tokens_within(body: &Secret) -> Vec<Secret> {
    const KEY: &[u8] = b"\"token\"";
    let bytes = body.expose();
    let places = bytes.windows(KEY.len()).enumerate().filter(|(_, window)| *window == KEY);
    places.filter_map(|(at, _)| token_at(bytes.get(at + KEY.len()..)?)).take(TOKENS_MAX).collect()
}

/// The token behind a key.
fn token_at(rest: &[u8]) -> Option<Secret> {
    let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().take(TOKEN_BYTES_MAX + 1).position(|byte| *byte == b'"')?;
    let token = Secret::new(rest.get(..end)?.to_vec());
    is_token(&token).then_some(token)
}
