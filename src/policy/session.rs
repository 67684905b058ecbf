//! `session: { ttl }` of a trust policy: how long a session of the Vault API may last after its token has ended.

use super::catalogue::IssuerEntry;
use super::sections::Entry;
use crate::token::parse_session_lifetime;
use crate::words::duration_text;
use crate::words::yaml::Fields;
use std::time::Duration;

/// Reads it. It does not load if the issuer does not allow it, or if the policy grants nothing that such a session can use.
pub(super) fn read<'e>(
    fields: &mut Fields<'_, '_>,
    issuer: Option<&IssuerEntry>,
    mut entries: impl Iterator<Item = &'e Entry>,
) -> Option<Duration> {
    let node = fields.optional("session")?;
    let mut inner = fields.below(node);
    let ttl = inner.required("ttl").and_then(|node| inner.parsed(node, parse_session_lifetime));
    inner.finish();
    let (ttl, issuer) = ttl.zip(issuer)?;
    let refused = match issuer.session_max {
        None => Some("its issuer lets no session outlive its token: daypass.yaml has no `session_max` for it".to_owned()),
        Some(most) if ttl > most => Some(format!("its issuer lets a session last for {} at most", duration_text(most))),
        Some(_) => None,
    };
    // A policy without any grant has a fault of its own.
    let first = entries.next();
    let nothing = first
        .is_some_and(|first| !std::iter::once(first).chain(entries).any(Entry::outlasts_token))
        .then(|| "after its token's end a session opens only secrets and transit keys, and this policy grants none".to_owned());
    if let Some(message) = refused.or(nothing) {
        fields.report(fields.draft(node.place, message).coded("session_refused"));
    }
    Some(ttl)
}
