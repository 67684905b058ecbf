//! Why an attribute has no value in a token.

use super::{Attribute, Claims, Mapping, Source, claimed};

/// What the claims of an attribute without a value are. If its sources differ, the later variant counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unread<'a> {
    /// None of its claims is there.
    Absent,
    /// A claim of a wrong type, which no token of the issuer has.
    Form,
    /// A word that the mapping does not know. The issuer may have added it.
    Word(&'a str),
}

impl Mapping {
    /// Why the attribute has no value in these claims.
    pub fn unread<'a>(&self, attribute: Attribute, claims: &'a Claims) -> Unread<'a> {
        let sources = self.attributes.get(&attribute).into_iter().flatten();
        sources.map(|source| source.unread(claims)).max().unwrap_or(Unread::Absent)
    }
}

impl Source {
    fn unread<'a>(&self, claims: &'a Claims) -> Unread<'a> {
        let claim = self.claim.as_ref().or(self.name.as_ref()).and_then(|claim| claimed(claims, claim)?.as_str());
        let is_text = |claim: &String| claimed(claims, claim).is_some_and(|value| value.is_string());
        match claim.filter(|text| !text.is_empty()) {
            Some(text) if self.when.keys().all(is_text) => Unread::Word(text),
            _ if self.is_garbled(claims) => Unread::Form,
            _ => Unread::Absent,
        }
    }
}
