//! How an audience names the key that a token is bound to.

/// The separator between an audience and a thumbprint.
const BINDING: &str = "?cnf=";

/// An audience without the key that it names, and that key's thumbprint.
pub(super) fn unbound(audience: &str) -> (&str, Option<&str>) {
    audience.split_once(BINDING).map_or((audience, None), |(base, thumbprint)| (base, Some(thumbprint)))
}

/// The audience that binds a token to this key.
pub(super) fn bound(audience: &str, thumbprint: &str) -> String {
    format!("{audience}{BINDING}{thumbprint}")
}
