//! An unverified token gives no identity.
//! Expects E0308.
use daypass::identity::Mapping;
use daypass::token::{Expected, RawToken};
use daypass::words::names::IssuerName;

pub fn skip(mapping: &Mapping, issuer: &IssuerName, expected: &Expected, raw: RawToken) {
    let _ = mapping.identify(issuer, expected, raw);
}
