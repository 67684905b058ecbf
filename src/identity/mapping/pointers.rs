//! The claims that a CI documents, by JSON pointer, and whether a pointer is a typo of one of them.

use super::{Mapping, Source};
use crate::words::pointer_below;
use crate::words::yaml::distance;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The JSON type of a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimType {
    /// A text, even if it looks like a number or a flag.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// Several values.
    List,
    /// Values by their names.
    Mapping,
}

impl ClaimType {
    /// The type in a sentence, after "is claimed as ...".
    pub const fn described(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::List => "a list",
            Self::Mapping => "a mapping",
        }
    }
}

/// RFC 7519 and OpenID Connect: what any token may claim.
const REGISTERED: [&str; 8] = ["/iss", "/sub", "/aud", "/exp", "/nbf", "/iat", "/jti", "/azp"];

impl Mapping {
    /// Whether this claim is documented, is a part of a documented claim, or contains one.
    pub fn knows_claim(&self, pointer: &str) -> bool {
        let within = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        self.pointers().iter().any(|known| known == pointer || within(known, pointer) || within(pointer, known))
    }

    /// The JSON type of a documented claim; `None` if it is not known or has several.
    pub fn claim_type(&self, pointer: &str) -> Option<ClaimType> {
        let holds = |known: &String| known.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'));
        let known = self.pointers();
        match pointer {
            // A text or a list of texts.
            "/aud" => None,
            "/exp" | "/nbf" | "/iat" => Some(ClaimType::Number),
            _ if self.types.contains_key(pointer) => self.types.get(pointer).copied(),
            _ if known.iter().any(holds) => Some(ClaimType::Mapping),
            _ => known.contains(pointer).then_some(ClaimType::Text),
        }
    }

    /// Whether it lists the claims that its CI documents. Without a list no claim is taken for a typo.
    pub const fn lists_claims(&self) -> bool {
        !self.further_claims.is_empty()
    }

    /// The documented claim that a typo probably means, if one is near enough. `None` if the mapping lists no claims.
    pub fn nearest_claim(&self, pointer: &str) -> Option<String> {
        if !self.lists_claims() || self.knows_claim(pointer) {
            return None;
        }
        self.pointers().into_iter().find(|known| is_slip(known, pointer))
    }

    fn pointers(&self) -> BTreeSet<String> {
        let read = self.attributes.values().flatten().flat_map(Source::claims).map(|claim| match claim.starts_with('/') {
            true => claim.clone(),
            false => pointer_below("", claim),
        });
        let registered = REGISTERED.map(ToOwned::to_owned);
        read.chain(self.further_claims.iter().cloned()).chain(registered).collect()
    }
}

impl Source {
    /// Every claim that it reads.
    fn claims(&self) -> impl Iterator<Item = &String> {
        let one = [&self.claim, &self.name, &self.id, &self.flag, &self.verified_by].into_iter().flatten();
        one.chain(self.differs.iter().flatten()).chain(self.when.keys())
    }
}

/// Whether one name of the pointer is nearly the known one, and all others are the same.
fn is_slip(known: &str, pointer: &str) -> bool {
    let (known, names): (Vec<&str>, Vec<&str>) = (known.split('/').collect(), pointer.split('/').collect());
    let mut others = known.iter().zip(&names).filter(|(known, name)| known != name);
    match (known.len() == names.len(), others.next(), others.next()) {
        (true, Some((known, name)), None) => is_near(known, name),
        _ => false,
    }
}

/// Short names need a smaller distance: `/run` is no typo of `/ref`.
fn is_near(known: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "");
    let most = match known.len().max(name.len()) {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    };
    plain(known) == plain(name) || distance(known, name) <= most
}
